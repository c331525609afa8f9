package workerfront.agent;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Sends the log of one call as frames. What comes before the call is kept for it. */
final class CallLog implements LogSink {
    private final Deque<Outbox.LogText> early = new ArrayDeque<>();
    private Connection peer; // null: nobody has called yet

    /** What comes from now on goes to the caller, and what has come is sent first. */
    synchronized void open(Connection caller) throws IOException {
        peer = caller;
        for (Outbox.LogText text : early) {
            caller.send(text.toFrame());
        }
        early.clear();
    }

    @Override
    public synchronized void log(String stream, CharSequence text) {
        if (early.isEmpty() || !early.getLast().add(stream, text)) {
            logApart(stream, text);
        }
    }

    @Override
    public synchronized void logApart(String stream, CharSequence text) {
        if (peer == null) {
            early.add(new Outbox.LogText(stream, text));
            return;
        }
        try {
            peer.send(Frames.log(stream, text));
        } catch (IOException gone) {
            return; // the session's own thread notices
        }
    }
}
