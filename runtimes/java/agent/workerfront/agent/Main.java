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
        switch (settings.mode) {
            case "process":
                new ProcessMode(settings, Listener.bind(settings.channel)).serve();
                break;
            case "container":
            case "shared":
                serveHere(settings, Listener.bind(settings.channel));
                break;
            case "spare":
                MemoryReserve.keep();
                new SpareMode(settings).serve();
                new Halt().run();
                break;
            default:
                throw new IllegalArgumentException("unknown WF_MODE: " + settings.mode);
        }
    }

    private static void serveHere(Settings settings, Listener listener) throws IOException {
        Warmup.start();
        MemoryReserve.keep();
        if (settings.mode.equals("shared")) {
            new SharedMode(settings, listener).serve();
        } else if (new ContainerMode(settings, listener).serve()) {
            new Halt().run();
        }
    }
}
