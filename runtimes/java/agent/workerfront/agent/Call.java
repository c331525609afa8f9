package workerfront.agent;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import lalb.Context;

/** What a peer asks for: a call frame. */
final class Call {
    final Map<String, Object> event;
    final Context context;

    private Call(Map<String, Object> event, Context context) {
        this.event = event;
        this.context = context;
    }

    /** Anything but a well-formed call is a protocol error. */
    static Call parse(ByteBuffer frame) throws IOException {
        Object message = JsonReader.read(StandardCharsets.UTF_8.newDecoder().decode(frame).toString());
        if (message instanceof Map) {
            Map<?, ?> call = (Map<?, ?>) message;
            if ("call".equals(call.get("type")) && call.containsKey("event") && call.get("context") instanceof Map) {
                return new Call(event(call.get("event")), context((Map<?, ?>) call.get("context")));
            }
        }
        throw new ProtocolException("a frame that is no call");
    }

    @SuppressWarnings("unchecked") // the reader makes no other maps
    private static Map<String, Object> event(Object event) {
        if (event instanceof Map) {
            return (Map<String, Object>) event;
        }
        Map<String, Object> wrapped = new LinkedHashMap<>();
        wrapped.put("event", event);
        return wrapped;
    }

    private static Context context(Map<?, ?> context) {
        return new Context(
            text(context.get("call_id")),
            text(context.get("function_name")),
            text(context.get("function_version")),
            (int) number(context.get("memory_limit_in_mb")),
            number(context.get("deadline_ms")));
    }

    private static String text(Object value) {
        return value == null ? "" : value.toString();
    }

    private static long number(Object value) {
        return value instanceof Number ? ((Number) value).longValue() : 0;
    }
}
