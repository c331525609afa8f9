package workerfront.agent;

import java.io.IOException;
import java.io.PrintStream;

/** Starts the agent. It listens before anything else, so that its peer need not wait long. */
public final class Main {
    private static final int FAILED = 1;

    private Main() {}

    public static void main(String[] arguments) {
        PrintStream containerLog = System.err; // the handler gets another one
        try {
            run(Settings.of(arguments));
        } catch (Throwable error) {
            error.printStackTrace(containerLog);
            Runtime.getRuntime().halt(FAILED);
        }
    }

    private static void run(Settings settings) throws IOException {
        if (!settings.mode.equals("container")) {
            throw new IllegalArgumentException("unknown WF_MODE: " + settings.mode);
        }
        Warmup.start();
        MemoryReserve.keep();
        Listener listener = Listener.bind(settings.channel);
        if (new ContainerMode(settings, listener).serve()) {
            Runtime.getRuntime().halt(0); // threads that the handler left behind do not keep the process
        }
    }
}
