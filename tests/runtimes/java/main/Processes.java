package main;

import java.io.BufferedReader;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Handlers that start processes, end their own, and use its folder. */
public class Processes {
    /** Prints its word in every way there is. */
    public static Object speak(Map<String, Object> event) throws Exception {
        String word = event.get("word").toString();
        System.out.println("printed " + word);
        new ProcessBuilder("sh", "-c", "echo child $0; echo error $0 >&2", word).inheritIO().start().waitFor();
        new FileOutputStream(FileDescriptor.err).write(("raw " + word + "\n").getBytes("UTF-8"));
        return word;
    }

    /** Says that the output is at its end, as the agent does, and prints more than a pipe holds. */
    public static Object pretend() throws IOException {
        byte[] line = Files.readAllBytes(Paths.get("/proc/self/cmdline"));
        List<String> words = Arrays.asList(new String(line, StandardCharsets.UTF_8).split("\0"));
        System.out.print("before" + words.get(words.indexOf("workerfront.agent.Main") + 1) + "0");
        System.out.print(new String(new char[200_000]));
        return "pretended";
    }

    public static void flood() throws Exception {
        new ProcessBuilder("sh", "-c", "yes | head -c 100000").inheritIO().start().waitFor();
    }

    /** Leaves a file in its folder, another one beside it, and one more where nobody else can look. */
    public static Object folder() throws IOException {
        File folder = new File(System.getenv("TMPDIR"));
        File.createTempFile("mine", "");
        File closed = new File(folder, "closed");
        closed.mkdir();
        new File(closed, "file").createNewFile();
        closed.setExecutable(false);
        new File(folder.getParent(), "stray").createNewFile();
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("folder", folder.getPath());
        seen.put("property", System.getProperty("java.io.tmpdir"));
        seen.put("files", folder.list().length);
        return seen;
    }

    /** Starts processes that go on, of which some have left their parent, and their session or environment; tells their numbers. */
    public static Object daemons() throws IOException {
        Process shell = start("sleep 1000 & echo $!; setsid sh -c 'sleep 1000 & echo $!'; "
            + "env -i sh -c 'sleep 1000 & echo $!'; trap '' TERM; echo $$; read x");
        BufferedReader out = new BufferedReader(new InputStreamReader(shell.getInputStream()));
        Object[] numbers = new Object[4];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Long.valueOf(out.readLine());
        }
        return numbers;
    }

    public static Object hang() throws IOException {
        StringBuilder line = new StringBuilder();
        for (Object number : (Object[]) daemons()) {
            line.append(number).append(' ');
        }
        System.out.println(line);
        while (true) {
            line.setLength(0);
        }
    }

    /** Waits for a child of its own, and that for a file. */
    public static Object await(Map<String, Object> event) throws Exception {
        System.out.println("waiting");
        Process child = start("until [ -e " + event.get("file") + " ]; do sleep 0.01; done; exit 7");
        return child.waitFor();
    }

    public static Object end(Map<String, Object> event) throws Exception {
        System.out.println("last words");
        switch (event.get("how").toString()) {
            case "exit":
                System.exit(3);
                break;
            case "exit like a signal":
                System.exit(137);
                break;
            case "halt":
                Runtime.getRuntime().halt(4);
                break;
            case "kill":
                start("kill -9 $PPID");
                break;
            case "terminate":
                start("kill $PPID");
                break;
            default:
                crash();
        }
        Thread.sleep(60_000);
        return "never";
    }

    public static Object wait(Map<String, Object> event) throws InterruptedException {
        Thread.sleep(((Number) event.get("ms")).longValue());
        return "waited";
    }

    private static Process start(String script) throws IOException {
        return new ProcessBuilder("sh", "-c", script).start();
    }

    private static void crash() throws Exception {
        Field field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Object unsafe = field.get(null);
        unsafe.getClass().getMethod("putAddress", long.class, long.class).invoke(unsafe, 0L, 0L);
    }
}
