package workerfront.agent;

import java.io.IOException;

/** Uses what a start of the agent uses, so that install.sh learns which classes to keep ready in an archive. */
public final class Training {
    private Training() {}

    /** The argument is a path for a unix socket. */
    public static void main(String[] arguments) throws IOException {
        new Warmup().run();
        Listener.bind("tcp:0");
        try {
            Listener.bind("unix:" + arguments[0]);
        } catch (IOException tooOld) {
            return; // no unix sockets on this machine, so no classes of theirs
        }
    }
}
