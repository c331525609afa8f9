package workerfront.agent;

import java.io.EOFException;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;

/**
 * The process of a spare and our ends of its pipes.
 *
 * <p>The two that it writes to are opened once more by their place in /proc: Java's own streams of a process lose their
 * order when it ends, and cannot be told to stop while somebody else holds the other end.
 */
final class SpareProcess extends Connection {
    final int pid;
    final InputStream raw;
    final OutputStream rawEnd; // what is written here arrives in raw
    private final Process process;
    private final InputStream in;

    private SpareProcess(Process process, int pid, InputStream in) throws IOException {
        super(in, process.getOutputStream());
        this.process = process;
        this.pid = pid;
        this.in = in;
        String error = "/proc/" + pid + "/fd/2";
        raw = new FileInputStream(error);
        rawEnd = new FileOutputStream(error);
        process.getInputStream().close();
        process.getErrorStream().close();
    }

    /** The mark is for its output; its folder of temporary files may be null. */
    static SpareProcess start(Settings settings, String mark, File folder) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("/bin/sh", settings.starter);
        Map<String, String> environment = builder.environment();
        environment.put("WF_CHANNEL", mark);
        environment.put("WF_HANDLER", settings.handler);
        environment.put("WF_MODE", "spare");
        environment.put("WF_RUNTIME", settings.runtime);
        environment.put("WF_LOG_LIMIT", Integer.toString(settings.logLimit));
        environment.put("WF_RESULT_LIMIT", Integer.toString(settings.resultLimit));
        environment.put("WF_MEMORY", settings.memory);
        if (folder != null) {
            environment.put("TMPDIR", folder.getPath());
        }
        return opened(builder.start());
    }

    private static SpareProcess opened(Process process) throws IOException {
        try {
            int pid = firstLine(process.getInputStream());
            return new SpareProcess(process, pid, new FileInputStream("/proc/" + pid + "/fd/3"));
        } catch (IOException gone) {
            process.destroyForcibly();
            throw gone;
        }
    }

    /** The number of the process, which start.sh writes before anything else. */
    private static int firstLine(InputStream in) throws IOException {
        int number = 0;
        for (int digit = in.read(); digit != '\n'; digit = in.read()) {
            if (digit < 0) {
                throw new EOFException("a spare ended before it began");
            }
            number = number * 10 + digit - '0';
        }
        return number;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it at once. */
    void kill() {
        process.destroyForcibly();
    }

    /** Waits for its end. Its exit status, as Java has it: 128 and its number for a signal. */
    int awaitEnd() {
        while (true) {
            try {
                return process.waitFor();
            } catch (InterruptedException impossible) {
                continue;
            }
        }
    }

    /** Without raw: that is at its end when nobody is left who could write. */
    @Override
    public void close() throws IOException {
        in.close();
        out().close();
        rawEnd.close();
    }
}
