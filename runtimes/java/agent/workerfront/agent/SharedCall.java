package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;

/** One call of many in one process: what it prints and what it answers. A thread of the agent's own runs this. */
final class SharedCall implements Runnable {
    final LogCapture logs;
    private final SharedMode mode;
    private final Outbox outbox = new Outbox();
    private HandlerThread handlerThread;
    private Session session;
    private ByteBuffer frame;
    private boolean isLeft;

    SharedCall(SharedMode mode, int logLimit) {
        this.mode = mode;
        this.logs = new LogCapture(outbox, logLimit);
    }

    void begin(HandlerThread thread, Session caller, ByteBuffer callFrame) {
        handlerThread = thread;
        session = caller;
        frame = callFrame;
        outbox.open();
        mode.execute(this);
    }

    @Override
    public void run() {
        try {
            handle(parse());
            outbox.sendTo(session.connection().out());
        } catch (IOException malformed) {
            // the end of the session without an answer
        } catch (OutOfMemoryError full) { // the event alone is too large for the heap, or there is no thread to be had
            outbox.answer(Failure.of(Failure.HANDLER, full).toFrame());
            outbox.sendTo(session.connection().out());
        }
        session.end(null);
        if (leave()) {
            mode.finished(this, handlerThread);
        } else if (handlerThread != null) {
            handlerThread.end(); // another one has its place
        }
    }

    /** The peer is gone. The handler cannot be stopped, but nobody waits for it any more. */
    void cancel() {
        session.ended();
        if (leave()) {
            mode.finished(this, null);
        }
    }

    /** The process ends; this is the last frame, or none when it is null. */
    void abort(ByteBuffer last) {
        logs.end();
        if (outbox.isOpen()) {
            outbox.abort(last);
        } else {
            outbox.printTo(Main.CONTAINER_LOG);
        }
    }

    private Call parse() throws IOException {
        ByteBuffer bytes = frame;
        frame = null; // the handler may need the room
        return Call.parse(bytes);
    }

    private void handle(final Call call) {
        if (handlerThread == null) {
            handlerThread = HandlerThread.started();
        }
        handlerThread.begin(new Runnable() {
            @Override
            public void run() {
                SharedStreams.use(logs);
                ByteBuffer last = mode.outcome(call);
                SharedStreams.use(null);
                Thread.interrupted(); // the next call must not find it
                logs.end();
                outbox.answer(last);
            }
        });
    }

    /** True for the first who says so. */
    private synchronized boolean leave() {
        boolean isFirst = !isLeft;
        isLeft = true;
        return isFirst;
    }
}
