package workerfront.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import lalb.Context;
import lalb.Response;

/**
 * A call to nobody, made while the agent waits for its peer. The real call then finds every class of the agent loaded,
 * and so does a failure that leaves no memory for loading one.
 */
final class Warmup implements Runnable {
    private static final int LIMIT = 4096;
    private static final String HANDLER = "workerfront.agent.Warmup.handle";
    private static final String CALL = "{\"type\":\"call\",\"lifetime_s\":0,"
        + "\"event\":{\"text\":\"\\u00fc\",\"values\":[1,-2.5e3,true,null]},"
        + "\"context\":{\"call_id\":\"\",\"deadline_ms\":1}}";

    static Object handle(Map<String, Object> event, Context context) {
        event.put("response", new Response((int) context.getDeadlineMs(), null));
        return event;
    }

    static void start() {
        Thread thread = new Thread(new Warmup(), "worker-front-warmup");
        thread.setDaemon(true);
        thread.start();
    }

    /** A call frame without its length. */
    static byte[] call() {
        return CALL.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void run() {
        Outbox outbox = new Outbox();
        LogCapture logs = new LogCapture(outbox, LIMIT);
        logs.stdout().println("warm");
        try {
            Handler handler = HandlerLoader.load(HANDLER);
            ByteBuffer last = Invocation.run(handler, Call.parse(ByteBuffer.wrap(call())), LIMIT);
            logs.end();
            outbox.answer(last);
            outbox.sendTo(new ByteArrayOutputStream());
            Failure.of(Failure.HANDLER, new Throwable("warm")).toFrame();
        } catch (LoadException | IOException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
