package workerfront.agent;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UnsupportedEncodingException;

/**
 * stdout or stderr of a process that serves many calls at once: what the thread of a call prints belongs to it. What other
 * threads print goes where the process's own output goes: one that a call has started may work for many, as in a pool.
 */
final class SharedStreams extends OutputStream {
    private static final ThreadLocal<LogCapture> CURRENT = new ThreadLocal<>();

    private final boolean isError;
    private final PrintStream own;

    private SharedStreams(boolean isError, PrintStream own) {
        this.isError = isError;
        this.own = own;
    }

    static void install() throws UnsupportedEncodingException {
        System.setIn(new ByteArrayInputStream(new byte[0]));
        System.setOut(new PrintStream(new SharedStreams(false, System.out), true, "UTF-8"));
        System.setErr(new PrintStream(new SharedStreams(true, System.err), true, "UTF-8"));
    }

    /** From now on this thread prints to this log; null: to none. */
    static void use(LogCapture log) {
        CURRENT.set(log);
    }

    @Override
    public void write(int value) {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        LogCapture log = CURRENT.get();
        if (log == null || !log.write(isError, bytes, offset, length)) {
            own.write(bytes, offset, length);
            own.flush();
        }
    }
}
