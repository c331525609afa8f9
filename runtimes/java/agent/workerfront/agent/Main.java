package workerfront.agent;

import java.io.IOException;
import java.io.PrintStream;

/** Starts the agent. It listens before anything else, so that its peer need not wait long. */
public final class Main {
    static final PrintStream CONTAINER_LOG = System.err; // the handler gets another one

    private static final int FAILED = 1;

    private Main() {}

    public static void main(String[] arguments) {
        try {
            run(Settings.of(arguments));
        } catch (Throwable error) {
            fail(error);
        }
    }

    /** The agent itself has failed: whoever reads the container's log can help. */
    static void fail(Throwable error) {
        error.printStackTrace(CONTAINER_LOG);
        Runtime.getRuntime().halt(FAILED);
    }

    private static void run(Settings settings) throws IOException {
        if (!settings.mode.equals("container")) {
            throw new IllegalArgumentException("unknown WF_MODE: " + settings.mode);
        }
        Listener listener = Listener.bind(settings.channel);
        Warmup.start();
        MemoryReserve.keep();
        if (new ContainerMode(settings, listener).serve()) {
            Runtime.getRuntime().halt(0); // threads that the handler left behind do not keep the process
        }
    }
}
