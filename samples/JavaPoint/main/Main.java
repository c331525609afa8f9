package main;

import java.util.Map;
import lalb.Context;

/** Several classes; an object of one's own as the answer; what is printed is the call's log. */
public class Main {
    public static Object lambda_handler(Map<String, Object> event, Context context) {
        Point point = new Point(number(event, "x", 3), number(event, "y", 4), (String) event.getOrDefault("label", "Ω"));
        System.out.println("point: " + point.label + " ✓");
        System.err.println("call " + context.getCallId() + " has " + context.remainingTimeMs() + " ms left");
        return point;
    }

    private static double number(Map<String, Object> event, String key, double otherwise) {
        return ((Number) event.getOrDefault(key, otherwise)).doubleValue();
    }
}
