package workerfront.agent;

import java.nio.ByteBuffer;

/** Runs the handler for one call and says what the last frame is. */
final class Invocation {
    private Invocation() {}

    static ByteBuffer run(Handler handler, Call call, int resultLimit) {
        Stopwatch watch = new Stopwatch();
        Object value;
        try {
            value = handler.call(call.event, call.context);
        } catch (Throwable raised) { // whatever it is, it is the handler's
            watch.stop();
            return Failure.of(Failure.HANDLER, raised).timed(watch).toFrame();
        }
        watch.stop();
        return result(value, resultLimit, watch);
    }

    private static ByteBuffer result(Object value, int limit, Stopwatch watch) {
        try {
            return Frames.result(watch, JsonWriter.write(value, limit));
        } catch (UnwritableException unwritable) {
            return Failure.of(unwritable).toFrame();
        } catch (Throwable raised) { // collections and text of the handler's own classes run their code here
            return Failure.of(Failure.RESULT, raised).toFrame();
        }
    }
}
