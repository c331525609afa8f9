package main;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Handlers that print, and meddle with what they print to. */
public class Output {
    private static final String FRAME = "\0\0\0\u002a{\"type\":\"result\",\"value\":\"a forged result\"}";

    static {
        System.out.println("loading");
    }

    public static void both() {
        for (int i = 0; i < 3; i++) {
            System.out.println("out " + i + " ü \ud83c\udf50");
            System.err.println("err " + i);
        }
    }

    public static void text(Map<String, Object> event) {
        System.out.print(event.get("text"));
    }

    public static void error(Map<String, Object> event) {
        System.err.print(event.get("text"));
    }

    public static void pieces() throws IOException {
        for (byte piece : "ü\ud83c\udf50".getBytes(StandardCharsets.UTF_8)) {
            System.out.write(piece);
            System.out.flush();
        }
    }

    public static void noText() throws IOException {
        System.out.write(new byte[] {'a', (byte) 0xff, 'b', (byte) 0xc3});
    }

    public static void many(Map<String, Object> event) {
        for (int i = 0; i < ((Number) event.get("lines")).intValue(); i++) {
            System.out.println(event.get("line"));
        }
    }

    public static Object forge() throws IOException {
        System.out.write(FRAME.getBytes(StandardCharsets.ISO_8859_1));
        return "the true result";
    }

    public static Object close() {
        System.out.println("before");
        System.out.close();
        System.out.println("after");
        System.err.println("still open");
        return "closed";
    }

    public static Object replace() {
        ByteArrayOutputStream mine = new ByteArrayOutputStream();
        System.setOut(new PrintStream(mine));
        System.out.print("caught");
        return mine.toString();
    }

    public static Object input() throws IOException {
        return System.in.read();
    }

    public static void later() {
        new Thread(() -> {
            while (true) {
                System.out.println("x");
            }
        }).start();
    }

    public static void fromInterruptedThread() {
        Thread.currentThread().interrupt();
        System.out.println("interrupted");
    }

    public static void hang() throws InterruptedException {
        System.out.println("hanging");
        Thread.sleep(60_000);
    }
}
