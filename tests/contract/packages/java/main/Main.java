package main;

import java.io.File;
import java.io.FileWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lalb.Context;

/** The contract's function in Java: event "case" says what to do; any other event comes back. */
public class Main {
    private static final String FRAME = "\0\0\0\u002a{\"type\":\"result\",\"value\":\"a forged result\"}";

    static {
        System.out.println("loading the handler");
    }

    public static Object lambda_handler(Map<String, Object> event, Context context) throws Exception {
        switch (String.valueOf(event.get("case"))) {
            case "identity":
                return identity();
            case "context":
                return context(context);
            case "fail":
                throw new IllegalStateException("the pear is too ripe: \ud83c\udf50");
            case "noisy":
                return noisy();
            case "nan":
                return Collections.singletonMap("number", Double.NaN);
            case "cycle":
                return cycle();
            case "unserialisable":
                return Collections.singletonMap("bytes", new byte[1]);
            case "surrogate":
                return "half a pair: \ud83c";
            case "large":
                return repeat((String) event.getOrDefault("letter", "x"), ((Number) event.get("length")).intValue());
            case "value":
                return event.get("value");
            case "sleep":
                return sleep(((Number) event.get("seconds")).doubleValue());
            case "exit":
                System.out.println("some last words");
                System.exit(3);
                return "never";
            case "eat":
                return eat();
            case "files":
                return files((List<?>) event.get("paths"));
            case "connect":
                return connections((List<?>) event.get("places"));
            case "say":
                return say((String) event.get("nonce"));
            case "daemon":
                return leaveDaemon(String.valueOf(event.get("seconds")));
            case "running":
                return running();
            case "fill":
                return fill(context.getCallId());
            case "spin":
                return spin(event.get("seconds"));
            case "temporary":
                return temporary();
            case "bean":
                return new Pear("Conference", 3);
            case "response":
                return new lalb.Response(201, "made");
            default:
                return Collections.singletonMap("echo", event);
        }
    }

    private static Object identity() throws IOException {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("version", System.getProperty("java.specification.version"));
        for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
            String[] fields = line.split("\\s+");
            if (fields[0].equals("Uid:") || fields[0].equals("Gid:")) {
                shown.put(fields[0].equals("Uid:") ? "uid" : "gid", Integer.parseInt(fields[1]));
            }
        }
        shown.put("folder", new File("").getAbsolutePath());
        shown.put("env", System.getenv());
        return shown;
    }

    private static Object context(Context context) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("call_id", context.getCallId());
        shown.put("function_name", context.getFunctionName());
        shown.put("function_version", context.getFunctionVersion());
        shown.put("memory_limit_in_mb", context.getMemoryLimitInMb());
        shown.put("deadline_ms", context.getDeadlineMs());
        shown.put("remaining_time_ms", context.remainingTimeMs());
        shown.put("now_ms", System.currentTimeMillis());
        return shown;
    }

    private static Object noisy() throws IOException {
        OutputStream raw = System.out;
        raw.write(FRAME.getBytes(StandardCharsets.ISO_8859_1));
        System.out.println("{\"type\": \"result\", \"value\": \"forged\"}\n{\"statusCode\": 200, \"body\": \"forged\"}");
        System.out.println("==== RESULT BEGIN ====\nforged\n==== RESULT END ====");
        System.err.println("Gr\u00fc\u00dfe \ud83c\udf50");
        System.out.println(repeat("x", 1023) + "\n" + repeat(repeat("y", 1023) + "\n", 299));
        return "the true result";
    }

    private static Object cycle() {
        List<Object> ring = new ArrayList<>();
        ring.add(ring);
        return ring;
    }

    private static String repeat(String text, int times) {
        StringBuilder all = new StringBuilder(text.length() * times);
        for (int i = 0; i < times; i++) {
            all.append(text);
        }
        return all.toString();
    }

    private static Object sleep(double seconds) throws InterruptedException {
        System.out.println("falling asleep");
        Thread.sleep((long) (seconds * 1000));
        return "awake";
    }

    private static Object eat() {
        System.out.println("eating");
        List<byte[]> eaten = new ArrayList<>();
        while (true) {
            byte[] more = new byte[1 << 20];
            Arrays.fill(more, (byte) 1);
            eaten.add(more);
        }
    }

    private static Object say(String nonce) throws InterruptedException {
        System.out.println("out " + nonce);
        Thread.sleep(10);
        System.err.println("err " + nonce);
        return nonce;
    }

    private static Object leaveDaemon(String seconds) throws IOException {
        new ProcessBuilder("sh", "-c", "setsid sleep " + seconds + " & setsid sleep " + seconds).start();
        return "left";
    }

    /** The command lines of all processes that can be seen. */
    private static Object running() {
        List<String> found = new ArrayList<>();
        for (String name : new File("/proc").list()) {
            try {
                byte[] line = name.matches("\\d+") ? Files.readAllBytes(Paths.get("/proc", name, "cmdline")) : new byte[0];
                found.add(new String(line, StandardCharsets.UTF_8).replace('\0', ' ').trim());
            } catch (IOException ended) {
                continue;
            }
        }
        return found;
    }

    /** Writes until there is no room, past the call's own folder as well. */
    private static Object fill(String callId) throws IOException {
        Files.write(Paths.get("/tmp/first-" + callId), new byte[1]);
        try (OutputStream file = Files.newOutputStream(Paths.get(System.getProperty("java.io.tmpdir"), "large"))) {
            while (true) {
                file.write(new byte[1 << 20]);
            }
        } catch (IOException full) {
            return "full";
        }
    }

    private static Object spin(Object seconds) throws IOException {
        if (seconds != null) {
            leaveDaemon(String.valueOf(seconds));
        }
        System.out.println("spinning");
        while (true) {
            Thread.yield();
        }
    }

    private static Object temporary() throws IOException {
        String folder = System.getProperty("java.io.tmpdir");
        String[] before = new File(folder).list();
        Files.write(Paths.get(folder, "mine"), new byte[1]);
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("folder", folder);
        shown.put("before", before);
        return shown;
    }

    private static Object files(List<?> paths) {
        Map<String, Object> answers = new LinkedHashMap<>();
        for (Object path : paths) {
            answers.put((String) path, writes((String) path));
        }
        return answers;
    }

    private static boolean writes(String path) {
        try (FileWriter file = new FileWriter(path)) {
            file.write("written");
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    private static Object connections(List<?> places) {
        Map<String, Object> answers = new LinkedHashMap<>();
        for (Object place : places) {
            answers.put((String) place, connects((String) place));
        }
        return answers;
    }

    private static boolean connects(String place) {
        int colon = place.lastIndexOf(':');
        InetSocketAddress address =
            new InetSocketAddress(place.substring(0, colon), Integer.parseInt(place.substring(colon + 1)));
        try (Socket socket = new Socket()) {
            socket.connect(address, 2000);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }
}
