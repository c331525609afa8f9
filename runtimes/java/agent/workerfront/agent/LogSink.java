package workerfront.agent;

/** Where the text of a log goes. */
interface LogSink {
    /** Adds text, which may be joined to what is there of the same stream. */
    void log(String stream, CharSequence text);

    /** Adds text as a frame of its own. */
    void logApart(String stream, CharSequence text);
}
