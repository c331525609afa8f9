package workerfront.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * What a spare's native code and its children write to the process's own stdout and stderr: both end up in one pipe, and
 * so on the call's stdout.
 */
final class RawOutput extends Thread {
    private static final int SIZE = 16 * 1024;

    private final InputStream in;
    private final OutputStream end;
    private final PrintStream log;
    private final String mark = UUID.randomUUID().toString(); // as bytes too few to be torn apart by other writers
    private String held = ""; // what may be the beginning of the mark
    private boolean isOver;

    /** Whatever is written to `end` arrives in `in`. */
    RawOutput(InputStream in, OutputStream end, PrintStream log) {
        super("worker-front-raw");
        this.in = in;
        this.end = end;
        this.log = log;
        setDaemon(true);
    }

    @Override
    public void run() {
        byte[] buffer = new byte[SIZE];
        try {
            int size = in.read(buffer);
            while (size >= 0 && pass(held + new String(buffer, 0, size, StandardCharsets.ISO_8859_1))) {
                size = in.read(buffer);
            }
        } catch (IOException closed) {
            // as good as the end
        }
        over();
    }

    /** Returns when everything that was written up to now is in the log. Nothing that comes later will be. */
    void finish() {
        try {
            end.write(mark.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException closed) {
            return;
        }
        awaitOver();
    }

    /** False when the mark was in it. */
    private boolean pass(String bytes) {
        int place = bytes.indexOf(mark);
        int size = place >= 0 ? place : bytes.length() - beginning(bytes);
        byte[] passed = bytes.substring(0, size).getBytes(StandardCharsets.ISO_8859_1);
        log.write(passed, 0, passed.length);
        held = bytes.substring(size);
        return place < 0;
    }

    /** How many bytes at the end are the beginning of the mark. */
    private int beginning(String bytes) {
        int size = Math.min(bytes.length(), mark.length() - 1);
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
