package main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where a handler finds itself. */
public class Place {
    public static Object look() throws IOException {
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("file", new String(Files.readAllBytes(Paths.get("data.txt")), "UTF-8"));
        seen.put("resource", Place.class.getResource("/data.txt") != null);
        seen.put("environment", System.getenv());
        seen.put("sees_itself", Thread.currentThread().getContextClassLoader().getResource("main/Place.class") != null);
        return seen;
    }
}
