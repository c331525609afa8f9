package main;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** Is slow to load, or cannot be loaded just now, as its environment says. */
public class Loading {
    static {
        String folder = System.getenv("LOADING");
        if (folder == null) {
            sleep(6_000);
        } else {
            load(new File(folder));
        }
    }

    private static void load(File folder) {
        note(folder);
        for (int i = 0; i < 300; i++) {
            System.out.println("loading");
        }
        if (new File(folder, "broken").exists()) {
            throw new IllegalStateException("not now");
        }
        while (new File(folder, "hold").exists()) {
            sleep(5);
        }
    }

    /** One byte more for each time. */
    private static void note(File folder) {
        try {
            Files.write(new File(folder, "loads").toPath(), new byte[1], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (java.io.IOException error) {
            throw new IllegalStateException(error);
        }
    }

    private static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    public static Object handle(Map<String, Object> event) {
        Object file = event.get("file");
        while (file != null && !new File(file.toString()).exists()) {
            sleep(5);
        }
        return "handled";
    }
}
