package workerfront.agent;

import java.util.ArrayList;
import java.util.List;

/** A stack trace as the handler's author wants it: without the agent and the reflection that called the handler. */
final class StackText {
    private static final int MAX_FRAMES = 100;
    private static final int MAX_CAUSES = 8;
    private static final String AGENT = "workerfront.agent.";

    private final List<String> lines = new ArrayList<>();

    private StackText() {}

    static List<String> of(Throwable raised) {
        StackText text = new StackText();
        text.add(raised.getStackTrace());
        Throwable cause = raised.getCause();
        for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
            text.lines.add("Caused by: " + Failure.describe(cause));
            text.add(cause.getStackTrace());
            cause = cause.getCause();
        }
        return text.lines;
    }

    static List<String> of(StackTraceElement[] frames) {
        StackText text = new StackText();
        text.add(frames);
        return text.lines;
    }

    private void add(StackTraceElement[] frames) {
        int end = endOfHandler(frames);
        for (int i = 0; i < Math.min(end, MAX_FRAMES); i++) {
            lines.add("at " + withoutModule(frames[i]));
        }
        if (end > MAX_FRAMES) {
            lines.add("... " + (end - MAX_FRAMES) + " more");
        }
    }

    private static StackTraceElement withoutModule(StackTraceElement frame) {
        return new StackTraceElement(
            frame.getClassName(), frame.getMethodName(), frame.getFileName(), frame.getLineNumber());
    }

    private static int endOfHandler(StackTraceElement[] frames) {
        int end = 0;
        while (end < frames.length && !frames[end].getClassName().startsWith(AGENT)) {
            end++;
        }
        while (end > 0 && isReflection(frames[end - 1].getClassName())) {
            end--;
        }
        return end;
    }

    private static boolean isReflection(String className) {
        return className.startsWith("java.lang.reflect.")
            || className.startsWith("sun.reflect.")
            || className.startsWith("jdk.internal.reflect.")
            || className.equals("java.lang.Class");
    }
}
