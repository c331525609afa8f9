package workerfront.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;

/**
 * What one call sends: log frames in order, then one last frame. Any thread may add to it; it collects from its birth,
 * and the thread of the connection sends.
 */
final class Outbox implements LogSink {
    // A char is at most 3 bytes of UTF-8, and a log frame carries at most 64 KiB.
    private static final int MAX_CHARS = 64 * 1024 / 3;
    private static final int LINGER_MS = 2; // lines that come together go in one frame
    private static final long RETRY_NANOS = 10_000_000;

    private final Deque<Object> waiting = new ArrayDeque<>(); // LogText, or a frame's ByteBuffer
    private boolean isOpen; // somebody sends, or soon will
    private boolean isSending;
    private boolean isFinished;
    private boolean isAnswered;

    /** Text that becomes one log frame. */
    static final class LogText {
        private final String stream;
        private final StringBuilder text = new StringBuilder();

        LogText(String stream, CharSequence first) {
            this.stream = stream;
            text.append(first);
        }

        /** Adds more of the same stream, if there is room. */
        boolean add(String addedStream, CharSequence added) {
            boolean fits = stream.equals(addedStream) && text.length() + added.length() <= MAX_CHARS;
            if (fits) {
                text.append(added);
            }
            return fits;
        }

        ByteBuffer toFrame() {
            return Frames.log(stream, text);
        }
    }

    /** Adds text; joined to what waits of the same stream. */
    @Override
    public synchronized void log(String stream, CharSequence text) {
        Object last = waiting.peekLast();
        if (!(last instanceof LogText && ((LogText) last).add(stream, text))) {
            logApart(stream, text);
        }
    }

    /** Adds text as a frame of its own. */
    @Override
    public synchronized void logApart(String stream, CharSequence text) {
        if (!isFinished) {
            add(new LogText(stream, text));
        }
    }

    /** Adds the last frame, unless the process is ending and has said so. */
    synchronized void answer(ByteBuffer frame) {
        if (!isFinished) {
            isAnswered = true;
            finish(frame);
        }
    }

    /** The process ends: this is the last frame, or none when it is null. Returns when all is sent. */
    synchronized void abort(ByteBuffer frame) {
        if (!isFinished) {
            finish(frame);
        }
        while (isSending || !waiting.isEmpty()) {
            pause(0);
        }
    }

    /** Sends everything up to the last frame. False when that is no answer, because the process ends. */
    boolean sendTo(OutputStream out) {
        try {
            for (Object item = next(); item != null; item = next()) {
                send(item, out);
            }
        } catch (IOException gone) {
            abandon();
        }
        return isAnswered();
    }

    /** To be called before the handler, which may end the process before anything is sent. */
    synchronized void open() {
        isOpen = true;
    }

    synchronized boolean isOpen() {
        return isOpen;
    }

    /** For the container's log: what nobody has asked for. */
    synchronized void printTo(PrintStream log) {
        for (Object item : waiting) {
            log.print(((LogText) item).text);
        }
    }

    private void finish(ByteBuffer frame) {
        isFinished = true;
        if (frame != null) {
            waiting.add(frame);
        }
        notifyAll();
    }

    private void add(Object item) {
        if (waiting.isEmpty()) {
            notifyAll();
        }
        waiting.add(item);
    }

    /** The next thing to send; null when there will be none. */
    private synchronized Object next() {
        isSending = false;
        notifyAll();
        while (waiting.isEmpty() && !isFinished) {
            pause(0);
        }
        if (waiting.size() == 1 && !isFinished) {
            pause(LINGER_MS);
        }
        isSending = !waiting.isEmpty();
        return waiting.pollFirst();
    }

    private void pause(long limitMs) {
        try {
            wait(limitMs);
        } catch (InterruptedException ignored) {
            // Only the handler could do that, to a thread that is none of its own; the caller looks again.
        }
    }

    /** Where the handler has left no heap, tries until there is some: the handler's own thread fails of it, too. */
    private static void send(Object item, OutputStream out) throws IOException {
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
        return ((LogText) item).toFrame();
    }

    /** The peer is gone. The handler goes on to its end all the same. */
    private synchronized void abandon() {
        isSending = false;
        while (!isFinished) {
            pause(0);
        }
        waiting.clear();
        notifyAll();
    }

    private synchronized boolean isAnswered() {
        return isAnswered;
    }
}
