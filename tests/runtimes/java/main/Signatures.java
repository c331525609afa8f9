package main;

import java.util.LinkedHashMap;
import java.util.Map;
import lalb.Context;

/** Every form of a handler that is served, and one that is not. */
public class Signatures {
    public static Object nothing() {
        return "nothing";
    }

    public static Object event(Map<String, Object> event) {
        return event;
    }

    public static Object context(Map<String, Object> event, Context context) {
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("call_id", context.getCallId());
        seen.put("function_name", context.getFunctionName());
        seen.put("function_version", context.getFunctionVersion());
        seen.put("memory_limit_in_mb", context.getMemoryLimitInMb());
        seen.put("deadline_ms", context.getDeadlineMs());
        seen.put("remaining_time_ms", context.remainingTimeMs());
        return seen;
    }

    public static Object all() {
        return "nothing";
    }

    public static Object all(Map<String, Object> event) {
        return "event";
    }

    public static Object all(Map<String, Object> event, Context context) {
        return "event and context";
    }

    public static Object two() {
        return "nothing";
    }

    public static Object two(Map<String, Object> event) {
        return "event";
    }

    public static void noValue() {}

    public static int number() {
        return 7;
    }

    static String hidden() {
        return "hidden";
    }

    public static Object text(String event) {
        return event;
    }
}
