package workerfront.agent;

import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The one call that this process serves: its handler, its logs, and what it sends. */
final class SingleCall {
    private final Settings settings;
    private final Outbox outbox = new Outbox();
    private final LogCapture logs;
    private final HandlerThread handlerThread = new HandlerThread();
    private Handler handler;
    private Failure loadFailure;

    SingleCall(Settings settings) {
        this.settings = settings;
        this.logs = new LogCapture(outbox, settings.logLimit);
    }

    /** Takes the streams and the end of the process. */
    void prepare() {
        logs.install();
        Runtime.getRuntime().addShutdownHook(new ExitHook(logs, outbox));
        handlerThread.start();
    }

    /** Loads the handler, unless that was done. False when it cannot be loaded. */
    boolean load() {
        if (handler == null && loadFailure == null) {
            handlerThread.begin(new Runnable() {
                @Override
                public void run() {
                    find();
                }
            });
            handlerThread.await();
        }
        return handler != null;
    }

    void begin(final Call call) {
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

    /** The event alone is too large for the heap. */
    void refuse(OutOfMemoryError full) {
        outbox.answer(Failure.of(Failure.HANDLER, full).toFrame());
    }

    /** False when there is no answer, because the process is ending. */
    boolean sendTo(OutputStream out) {
        return outbox.sendTo(out);
    }

    private void find() {
        try {
            handler = HandlerLoader.load(settings.handler);
        } catch (LoadException error) {
            loadFailure = error.failure;
        }
    }

    private ByteBuffer outcome(Call call) {
        return handler == null ? loadFailure.toFrame() : Invocation.run(handler, call, settings.resultLimit);
    }
}
