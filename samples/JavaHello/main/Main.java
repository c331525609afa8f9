package main;

import java.util.Map;
import lalb.Response;

/** The smallest Java function: reads its event and answers with a status and a body. */
public class Main {
    public static Object lambda_handler(Map<String, Object> event) {
        return new Response(200, "Hello " + event.getOrDefault("who", "World") + ", from Java");
    }
}
