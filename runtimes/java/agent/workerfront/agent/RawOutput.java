package workerfront.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * What a spare's process and its children write to stdout and stderr. All of it comes through one pipe, in which marks
 * say whose the next bytes are; what is not marked counts as stdout.
 */
final class RawOutput extends Thread {
    private static final int SIZE = 16 * 1024;

    private final InputStream in;
    private final OutputStream end;
    private final String mark;
    private final LogCapture log;
    private boolean isError;
    private String held = ""; // what may be the beginning of a mark
    private boolean isOver;

    /** Whatever is written to `end` arrives in `in`. */
    RawOutput(InputStream in, OutputStream end, String mark, LogCapture log) {
        super("worker-front-output");
        this.in = in;
        this.end = end;
        this.mark = mark;
        this.log = log;
        setDaemon(true);
    }

    /** Reads for as long as anybody may write, so that nobody has to wait for room in the pipe. */
    @Override
    public void run() {
        byte[] buffer = new byte[SIZE];
        try (InputStream pipe = in) {
            boolean isLogged = true;
            for (int size = pipe.read(buffer); size >= 0; size = pipe.read(buffer)) {
                isLogged = isLogged && take(buffer, size);
            }
        } catch (IOException closed) {
            // as good as the end
        } finally {
            over();
        }
    }

    /** Returns when everything that was written up to now is in the log. Nothing that comes later will be. */
    void finish() {
        try {
            end.write((mark + RawStreams.END).getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException closed) {
            return;
        }
        awaitOver();
        log.end();
    }

    /** False when the log is at its end. */
    private boolean take(byte[] buffer, int size) {
        boolean isMore = false;
        try {
            isMore = pass(held + new String(buffer, 0, size, StandardCharsets.ISO_8859_1));
        } catch (OutOfMemoryError full) {
            full.printStackTrace(Main.CONTAINER_LOG);
        }
        if (!isMore) {
            over();
        }
        return isMore;
    }

    /** False when the mark of the end was in it. */
    private boolean pass(String bytes) {
        int start = 0;
        int place = bytes.indexOf(mark);
        while (place >= 0 && place + mark.length() < bytes.length()) {
            write(bytes.substring(start, place));
            char kind = bytes.charAt(place + mark.length());
            if (kind == RawStreams.END) {
                return false;
            }
            isError = kind == RawStreams.STDERR;
            start = place + mark.length() + 1;
            place = bytes.indexOf(mark, start);
        }
        int whole = place >= 0 ? place : bytes.length() - beginning(bytes, start);
        write(bytes.substring(start, whole));
        held = bytes.substring(whole);
        return true;
    }

    private void write(String bytes) {
        byte[] passed = bytes.getBytes(StandardCharsets.ISO_8859_1);
        log.write(isError, passed, 0, passed.length);
    }

    /** How many bytes at the end are the beginning of a mark. */
    private int beginning(String bytes, int start) {
        int size = Math.min(bytes.length() - start, mark.length() - 1);
        while (!bytes.endsWith(mark.substring(0, size))) {
            size--;
        }
        return size;
    }

    private synchronized void over() {
        isOver = true;
        notifyAll();
    }

    private synchronized void awaitOver() {
        while (!isOver) {
            try {
                wait();
            } catch (InterruptedException impossible) {
                continue;
            }
        }
    }
}
