package workerfront.agent;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collection;

/**
 * Sends signals, which Java cannot. A shell that was started before it is needed: it works where a call has used up every
 * process that there may be.
 */
final class Killer {
    // All are stopped before the first is killed, so none is left that starts another one meanwhile.
    private static final String LOOP =
        "echo $$; while read -r pids; do kill -STOP $pids; kill -KILL $pids; echo; done 2>/dev/null";

    private Process shell;
    private BufferedReader answers;
    private volatile int pid;

    Killer() throws IOException {
        start();
    }

    int pid() {
        return pid;
    }

    /** Returns when they have been killed; those that end by themselves meanwhile are none the worse for it. */
    synchronized void kill(Collection<Integer> pids) {
        try {
            if (!tell(pids)) { // somebody has killed the killer
                start();
                tell(pids);
            }
        } catch (IOException error) {
            Main.fail(error);
        }
    }

    private boolean tell(Collection<Integer> pids) {
        StringBuilder line = new StringBuilder();
        for (int each : pids) {
            line.append(each).append(' ');
        }
        try {
            shell.getOutputStream().write(line.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
            shell.getOutputStream().flush();
            return answers.readLine() != null;
        } catch (IOException gone) {
            return false;
        }
    }

    private void start() throws IOException {
        shell = new ProcessBuilder("/bin/sh", "-c", LOOP).redirectError(new java.io.File("/dev/null")).start();
        answers = new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.US_ASCII));
        String number = answers.readLine();
        if (number == null) {
            throw new IOException("the shell that kills processes does not start");
        }
        pid = Integer.parseInt(number);
    }
}
