package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The log of one call, which comes from two sides: frames of its process, and what was written past them. */
final class CallLog implements LogSink {
    private static final int ENVELOPE = 45; // bytes of a log frame that are not its text

    private final int limit;
    private final List<ByteBuffer> early = new ArrayList<>(); // nobody has called yet
    private Connection peer;
    private int relayed;
    private int raw;
    private boolean isCut;

    CallLog(int limit) {
        this.limit = limit;
    }

    /** What comes from now on goes to the peer, and what has come is sent first. */
    synchronized void open(Connection caller) throws IOException {
        peer = caller;
        for (ByteBuffer frame : early) {
            caller.send(frame);
        }
        early.clear();
    }

    /** A frame of the process, which keeps to the limit by itself. */
    synchronized void relay(ByteBuffer frame) {
        relayed += frame.remaining() - ENVELOPE;
        if (raw == 0 || isWithinLimit()) {
            pass(frame);
        }
    }

    @Override
    public synchronized void log(String stream, CharSequence text) {
        raw += text.length();
        if (isWithinLimit()) {
            pass(Frames.log(stream, text));
        }
    }

    @Override
    public synchronized void logApart(String stream, CharSequence text) {
        if (!isCut) {
            isCut = true;
            pass(Frames.log(stream, text));
        }
    }

    private boolean isWithinLimit() {
        if (raw + relayed > limit) {
            logApart("stderr", LogCapture.cut(limit));
        }
        return !isCut;
    }

    private void pass(ByteBuffer frame) {
        try {
            if (peer == null) {
                early.add(frame);
            } else {
                peer.send(frame);
            }
        } catch (IOException gone) {
            return; // the session's own thread notices
        }
    }
}
