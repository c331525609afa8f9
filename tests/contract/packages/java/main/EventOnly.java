package main;

import java.util.Map;

/** A handler that takes the event alone. */
public class EventOnly {
    public static Object lambda_handler(Map<String, Object> event) {
        return event.get("word");
    }
}
