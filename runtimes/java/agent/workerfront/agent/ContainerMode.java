package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Mode container: peers may ask whether the agent is ready; the first call is the only one. */
final class ContainerMode {
    private final Settings settings;
    private final Listener listener;
    private final Outbox outbox = new Outbox();
    private final LogCapture logs;
    private Handler handler;
    private Failure loadFailure;

    ContainerMode(Settings settings, Listener listener) {
        this.settings = settings;
        this.listener = listener;
        this.logs = new LogCapture(outbox, settings.logLimit);
    }

    /** Returns after the call. False when the process is ending already, because the handler exits. */
    boolean serve() throws IOException {
        logs.install();
        Runtime.getRuntime().addShutdownHook(new ExitHook(logs, outbox));
        while (true) {
            try (Connection connection = listener.accept()) {
                Call call = receive(connection);
                if (call != null) {
                    return answer(call, connection);
                }
            }
        }
    }

    /** Null when the peer only asked, or broke the protocol. */
    private Call receive(Connection connection) {
        loadOnce();
        try {
            connection.send(Frames.ready(settings.runtime));
            ByteBuffer frame = connection.receive();
            return frame == null ? null : Call.parse(frame);
        } catch (IOException broken) {
            return null; // this ends the connection, not the agent
        }
    }

    private void loadOnce() {
        if (handler != null || loadFailure != null) {
            return;
        }
        try {
            handler = HandlerLoader.load(settings.handler);
        } catch (LoadException error) {
            loadFailure = error.failure;
        }
        clearInterrupt();
    }

    private boolean answer(Call call, Connection connection) {
        outbox.open(connection.out());
        ByteBuffer last = handler == null ? loadFailure.toFrame() : Invocation.run(handler, call, settings.resultLimit);
        clearInterrupt();
        logs.end();
        boolean isOurs = outbox.finish(last);
        outbox.drain();
        if (isOurs) {
            settle(connection);
        }
        return isOurs;
    }

    private static void settle(Connection connection) {
        try {
            connection.settle();
        } catch (IOException gone) {
            return; // nobody is left to lose anything
        }
    }

    // The user's code may leave its thread interrupted, and an interrupted thread closes the channels that it uses.
    private static void clearInterrupt() {
        Thread.interrupted();
    }
}
