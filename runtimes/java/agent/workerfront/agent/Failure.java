package workerfront.agent;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** Why a call gave no result: what an error frame says. */
final class Failure {
    static final String INIT = "init";
    static final String HANDLER = "handler";
    static final String RESULT = "result";
    static final String EXIT = "exit";

    private static final int MAX_MESSAGE = 64 * 1024; // chars, so that the whole fits in a frame
    private static final int MAX_LINE = 1000;

    private final String kind;
    private final String type;
    private final String message;
    private final List<String> trace;
    private Stopwatch watch;
    private boolean isOutOfMemory;

    Failure(String kind, String type, String message, List<String> trace) {
        this.kind = kind;
        this.type = type;
        this.message = message;
        this.trace = trace;
    }

    /** What the handler's code raised. Without heap it is the process that has failed, whatever it was doing. */
    static Failure of(String kind, Throwable raised) {
        if (raised instanceof OutOfMemoryError) {
            MemoryReserve.release(); // first of all: even a text constant needs heap when it is met for the first time
        }
        boolean isOutOfMemory = isOutOfMemory(raised);
        String realKind = isOutOfMemory ? EXIT : kind;
        Failure failure = new Failure(realKind, raised.getClass().getName(), messageOf(raised), traceOf(raised));
        failure.isOutOfMemory = isOutOfMemory;
        return failure;
    }

    static Failure of(UnwritableException unwritable) {
        Throwable cause = unwritable.getCause();
        if (cause instanceof OutOfMemoryError) {
            return of(RESULT, cause);
        }
        List<String> trace = cause == null ? Collections.<String>emptyList() : traceOf(cause);
        String message = unwritable.getMessage() + (cause == null ? "" : ": " + describe(cause));
        return new Failure(RESULT, unwritable.errorType, message, trace);
    }

    Failure timed(Stopwatch measured) {
        watch = measured;
        return this;
    }

    ByteBuffer toFrame() {
        JsonBytes out = Frames.start("error").plain(",\"kind\":").string(kind);
        out.plain(",\"errorType\":").string(clean(type, MAX_LINE));
        out.plain(",\"errorMessage\":").string(clean(message, MAX_MESSAGE));
        if (watch != null) {
            watch.writeTo(out);
        }
        if (isOutOfMemory) {
            out.plain(",\"oom\":true");
        }
        out.plain(",\"stackTrace\":[");
        for (int i = 0; i < trace.size(); i++) {
            out.plain(i == 0 ? "" : ",").string(clean(trace.get(i), MAX_LINE));
        }
        return Frames.end(out.plain("]"));
    }

    /** The class and the message. */
    static String describe(Throwable raised) {
        String message = messageOf(raised);
        return raised.getClass().getName() + (message.isEmpty() ? "" : ": " + message);
    }

    /** No longer than that, and without halves of surrogate pairs, which become question marks. */
    private static String clean(String text, int maxChars) {
        String cut = text.length() <= maxChars ? text : text.substring(0, maxChars) + "...";
        return new String(cut.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static String messageOf(Throwable raised) {
        try {
            String message = raised.getMessage();
            return message == null ? "" : message;
        } catch (Throwable worse) { // the handler's own exceptions may do anything here and below
            return "(its message cannot be read: " + worse.getClass().getName() + ")";
        }
    }

    private static List<String> traceOf(Throwable raised) {
        try {
            return StackText.of(raised);
        } catch (Throwable worse) {
            return Collections.emptyList();
        }
    }

    // The machine reports a full process table in the same way; that is not the memory limit.
    private static boolean isOutOfMemory(Throwable raised) {
        return raised instanceof OutOfMemoryError && !messageOf(raised).startsWith("unable to create");
    }
}
