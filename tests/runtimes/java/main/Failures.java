package main;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Handlers that raise, end the process, or want too much. */
public class Failures {
    private static final List<Object> KEPT = new ArrayList<>();

    public static Object raise() {
        throw new IllegalStateException("the pear is too ripe: \ud83c\udf50", new RuntimeException("too warm"));
    }

    public static Object checked() throws Exception {
        throw new Exception();
    }

    public static Object surrogate() {
        throw new IllegalStateException("half a pair: \ud83c");
    }

    public static Object longMessage() {
        throw new IllegalStateException(new String(new char[20 << 20]).replace('\0', 'x'));
    }

    public static Object speechless() {
        throw new RuntimeException() {
            @Override
            public String getMessage() {
                throw new IllegalStateException("not now");
            }

            @Override
            public StackTraceElement[] getStackTrace() {
                throw new IllegalStateException("not now");
            }
        };
    }

    public static Object recurse() {
        return recurse() + "deeper";
    }

    public static Object leave(Map<String, Object> event) {
        System.out.println("some last words");
        System.exit(((Number) event.get("status")).intValue());
        return "never";
    }

    public static Object leaveElsewhere() throws InterruptedException {
        Thread other = new Thread(() -> System.exit(3));
        other.start();
        Thread.sleep(60_000);
        return "never";
    }

    public static Object leaveWithOutputLocked() {
        synchronized (System.out) {
            System.exit(3);
        }
        return "never";
    }

    public static Object halt() {
        Runtime.getRuntime().halt(4);
        return "never";
    }

    public static Object eat() {
        System.out.println("eating");
        List<Object> eaten = new ArrayList<>();
        while (true) {
            eaten.add(new byte[1 << 20]);
        }
    }

    /** Nothing is free again when the error is told. */
    public static Object eatAndKeep() {
        for (int size = 1 << 20; size > 0; size /= 2) {
            keep(size);
        }
        throw new OutOfMemoryError("all is eaten");
    }

    private static void keep(int size) {
        try {
            while (true) {
                KEPT.add(new byte[size]);
            }
        } catch (OutOfMemoryError full) {
            return;
        }
    }

    public static Object noThreads() {
        throw new OutOfMemoryError("unable to create native thread: possibly out of memory or process/resource limits");
    }

    public static Object leaveThreads() {
        for (int i = 0; i < 3; i++) {
            new Thread(Failures::sleep).start();
        }
        return "threads are left";
    }

    public static Object interruptItself() {
        Thread.currentThread().interrupt();
        System.out.println("interrupted");
        return "still here";
    }

    private static void sleep() {
        try {
            Thread.sleep(3_600_000);
        } catch (InterruptedException stop) {
            return;
        }
    }
}
