package workerfront.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;

/**
 * What one call sends: log frames in order, then one last frame. It collects from its birth, and sends once opened.
 *
 * <p>A thread of its own does the writing. The threads of the handler must not: interrupting one that uses a channel closes it.
 */
final class Outbox implements Runnable {
    // A char is at most 3 bytes of UTF-8, and a log frame carries at most 64 KiB.
    private static final int MAX_CHARS = 64 * 1024 / 3;
    private static final int LINGER_MS = 2; // lines that come together go in one frame
    private static final long RETRY_NANOS = 10_000_000;

    private final Deque<Object> waiting = new ArrayDeque<>(); // LogText, or a frame's ByteBuffer
    private OutputStream out;
    private boolean finished;
    private boolean sending;
    private boolean gone;

    private static final class LogText {
        final String stream;
        final StringBuilder text = new StringBuilder();

        LogText(String stream) {
            this.stream = stream;
        }
    }

    synchronized void open(OutputStream to) {
        out = to;
        Thread thread = new Thread(this, "worker-front-outbox");
        thread.setDaemon(true);
        thread.start();
    }

    synchronized boolean isOpen() {
        return out != null;
    }

    /** Adds text; joined to what waits of the same stream. */
    synchronized void log(String stream, CharSequence text) {
        Object last = waiting.peekLast();
        boolean fits = last instanceof LogText && ((LogText) last).stream.equals(stream)
            && ((LogText) last).text.length() + text.length() <= MAX_CHARS;
        if (fits) {
            ((LogText) last).text.append(text);
        } else {
            logApart(stream, text);
        }
    }

    /** Adds text as a frame of its own. */
    synchronized void logApart(String stream, CharSequence text) {
        if (finished || gone) {
            return;
        }
        LogText log = new LogText(stream);
        log.text.append(text);
        add(log);
    }

    /** Adds the last frame, or only ends when there is none. False when it had ended before: the first one counts. */
    synchronized boolean finish(ByteBuffer frame) {
        if (finished) {
            return false;
        }
        finished = true;
        if (frame != null && !gone) {
            waiting.add(frame);
        }
        notifyAll();
        return true;
    }

    /** Returns when everything is with the operating system, or the peer is gone. */
    synchronized void drain() {
        while (sending || !waiting.isEmpty()) {
            pause(0);
        }
    }

    @Override
    public void run() {
        try {
            for (Object item = next(); item != null; item = next()) {
                send(item);
            }
        } catch (IOException closed) {
            abandon();
        }
    }

    private void add(Object item) {
        if (waiting.isEmpty()) {
            notifyAll();
        }
        waiting.add(item);
    }

    /** The next thing to send; null when there will be none. */
    private synchronized Object next() {
        sending = false;
        notifyAll();
        while (waiting.isEmpty() && !finished) {
            pause(0);
        }
        if (waiting.size() == 1 && !finished) {
            pause(LINGER_MS);
        }
        sending = !waiting.isEmpty();
        return waiting.pollFirst();
    }

    private void pause(long limitMs) {
        try {
            wait(limitMs);
        } catch (InterruptedException ignored) {
            // Only the handler could do that, to a thread that is none of its own; the caller looks again.
        }
    }

    /** Where the handler has left no heap, tries again until there is some: the handler's own thread fails of it, too. */
    private void send(Object item) throws IOException {
        ByteBuffer frame = null;
        while (frame == null || frame.hasRemaining()) {
            try {
                frame = frame == null ? encoded(item) : frame;
                Connection.write(out, frame);
            } catch (OutOfMemoryError full) {
                MemoryReserve.release();
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private static ByteBuffer encoded(Object item) {
        if (item instanceof ByteBuffer) {
            return (ByteBuffer) item;
        }
        LogText log = (LogText) item;
        return Frames.log(log.stream, log.text);
    }

    private synchronized void abandon() {
        gone = true;
        sending = false;
        waiting.clear();
        notifyAll();
    }
}
