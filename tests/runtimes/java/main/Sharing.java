package main;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Handlers that meet others in their process. */
public class Sharing {
    private static final AtomicInteger CALLS = new AtomicInteger();
    private static final CountDownLatch MEETING = new CountDownLatch(4);
    private static final ExecutorService LATER = Executors.newSingleThreadExecutor();

    static {
        System.out.println("loading");
    }

    /** Answers when four calls are here at once. */
    public static Object meet(Map<String, Object> event) throws InterruptedException {
        String word = event.get("word").toString();
        System.out.println("printed " + word);
        MEETING.countDown();
        MEETING.await();
        Thread child = new Thread(() -> System.err.println("child " + word));
        child.start();
        child.join();
        CALLS.incrementAndGet();
        return CALLS.get();
    }

    public static Object count() {
        Thread.currentThread().interrupt();
        return CALLS.incrementAndGet();
    }

    /** What a thread prints that works for all calls is nobody's. */
    public static Object later(Map<String, Object> event) throws Exception {
        LATER.submit(() -> System.out.println("later " + event.get("word"))).get();
        return null;
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException ignored) {
            // early, then
        }
    }

    public static Object leave(Map<String, Object> event) throws InterruptedException {
        System.out.println("here");
        if (event.get("slowly") != null) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> sleep(60_000)));
        }
        if (event.get("leave") != null) {
            System.exit(3);
        }
        Thread.sleep(60_000);
        return null;
    }
}
