package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Sends the log of one call as frames. What comes before the call is kept for it. */
final class CallLog implements LogSink {
    private final List<ByteBuffer> early = new ArrayList<>();
    private Connection peer; // null: nobody has called yet

    /** What comes from now on goes to the caller, and what has come is sent first. */
    synchronized void open(Connection caller) throws IOException {
        peer = caller;
        for (ByteBuffer frame : early) {
            caller.send(frame);
        }
        early.clear();
    }

    @Override
    public synchronized void log(String stream, CharSequence text) {
        try {
            if (peer == null) {
                early.add(Frames.log(stream, text));
            } else {
                peer.send(Frames.log(stream, text));
            }
        } catch (IOException gone) {
            return; // the session's own thread notices
        }
    }

    @Override
    public void logApart(String stream, CharSequence text) {
        log(stream, text);
    }
}
