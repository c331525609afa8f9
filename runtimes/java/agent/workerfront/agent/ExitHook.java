package workerfront.agent;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Runs when the process ends before its call does: what was printed is still sent.
 *
 * <p>Java does not tell a hook the status, so an error frame of kind exit comes without one; the engine knows it.
 */
final class ExitHook extends Thread {
    private final LogCapture logs;
    private final Outbox outbox;

    ExitHook(LogCapture logs, Outbox outbox) {
        super("worker-front-exit");
        this.logs = logs;
        this.outbox = outbox;
    }

    @Override
    public void run() {
        if (outbox.isOpen()) {
            logs.end();
            outbox.finish(exitFrame());
            outbox.drain();
        }
    }

    /** Null when it was a signal that ends the process: that is the sender's doing. */
    private static ByteBuffer exitFrame() {
        for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
            for (StackTraceElement frame : entry.getValue()) {
                if (frame.getClassName().equals("java.lang.Runtime") && frame.getMethodName().equals("exit")) {
                    return new Failure(Failure.EXIT, "ProcessEnded", "the handler called System.exit",
                        StackText.of(entry.getValue())).toFrame();
                }
            }
        }
        return null;
    }
}
