package workerfront.agent;

import java.nio.ByteBuffer;

/** Room for one call of those that run at once in one process, with a thread for its handler. */
final class SharedPlace implements Place {
    private final SharedMode mode;
    private final HandlerThread handlerThread; // null: not needed yet
    private SharedCall call;

    SharedPlace(SharedMode mode, HandlerThread handlerThread) {
        this.mode = mode;
        this.handlerThread = handlerThread;
    }

    @Override
    public boolean call(Session session, ByteBuffer frame) {
        call = mode.nextCall();
        call.begin(handlerThread, session, frame);
        return true;
    }

    @Override
    public void cancel(Session session) {
        call.cancel();
    }
}
