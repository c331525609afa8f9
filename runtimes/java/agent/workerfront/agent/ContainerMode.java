package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Mode container: peers may ask whether the agent is ready; the first call is the only one. */
final class ContainerMode {
    private final Settings settings;
    private final Listener listener;
    private final Outbox outbox = new Outbox();
    private final LogCapture logs;
    private final HandlerThread handlerThread = new HandlerThread();
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
        handlerThread.start();
        while (true) {
            try (Connection connection = listener.accept()) {
                if (begin(connection)) {
                    return finish(connection);
                }
            }
        }
    }

    /** False when the peer only asked. */
    private boolean begin(Connection connection) {
        try {
            Call call = receive(connection);
            if (call != null) {
                handle(call);
            }
            return call != null;
        } catch (OutOfMemoryError full) { // the event alone is too large for the heap
            outbox.answer(Failure.of(Failure.HANDLER, full).toFrame());
            return true;
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
        if (handler == null && loadFailure == null) {
            handlerThread.begin(new Runnable() {
                @Override
                public void run() {
                    load();
                }
            });
            handlerThread.await();
        }
    }

    private void load() {
        try {
            handler = HandlerLoader.load(settings.handler);
        } catch (LoadException error) {
            loadFailure = error.failure;
        }
    }

    private void handle(final Call call) {
        outbox.open();
        handlerThread.begin(new Runnable() {
            @Override
            public void run() {
                ByteBuffer last = outcome(call);
                logs.end();
                outbox.answer(last);
            }
        });
    }

    private ByteBuffer outcome(Call call) {
        return handler == null ? loadFailure.toFrame() : Invocation.run(handler, call, settings.resultLimit);
    }

    private boolean finish(Connection connection) {
        boolean isAnswered = outbox.sendTo(connection.out());
        if (isAnswered) {
            settle(connection);
        }
        return isAnswered;
    }

    private static void settle(Connection connection) {
        try {
            connection.settle();
        } catch (IOException gone) {
            return; // nobody is left to lose anything
        }
    }
}
