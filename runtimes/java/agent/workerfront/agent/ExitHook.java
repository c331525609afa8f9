package workerfront.agent;

import java.nio.ByteBuffer;
import java.util.Arrays;

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
        logs.end();
        if (outbox.isOpen()) {
            outbox.abort(exitFrame());
        } else {
            outbox.printTo(Main.CONTAINER_LOG);
        }
    }

    /** Null when it was a signal that ends the process: that is the sender's doing. */
    static ByteBuffer exitFrame() {
        for (StackTraceElement[] frames : Thread.getAllStackTraces().values()) {
            for (int i = 0; i < frames.length; i++) {
                if (frames[i].getClassName().equals("java.lang.Runtime") && frames[i].getMethodName().equals("exit")) {
                    return exitFrame(Arrays.copyOfRange(frames, i + 1, frames.length));
                }
            }
        }
        return null;
    }

    private static ByteBuffer exitFrame(StackTraceElement[] callers) {
        String message = "the handler called System.exit";
        return new Failure(Failure.EXIT, Exit.TYPE, message, StackText.of(callers)).toFrame();
    }
}
