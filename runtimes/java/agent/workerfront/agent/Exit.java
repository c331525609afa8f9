package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;

/** How a process ended that was to answer: its error frame of kind exit. */
final class Exit {
    static final String TYPE = "ProcessEnded";

    private static final int SIGNALLED = 128;
    private static final int SIGNALS = 64;
    private static final int SIGKILL = 9;
    private static final String ANNOUNCED = "{\"type\":\"error\",\"kind\":\"exit\",\"errorType\":\"" + TYPE + "\"";
    private static final Path[] COUNTERS = {
        Paths.get("/sys/fs/cgroup/memory.events"), Paths.get("/sys/fs/cgroup/memory/memory.oom_control")
    };

    private static long oomKills; // those that a call has been told of, or that were before any

    private Exit() {}

    /** Whether the process says in this frame, which has no length, that it is ending itself. */
    static boolean isAnnounced(ByteBuffer frame) {
        int size = Math.min(ANNOUNCED.length(), frame.remaining());
        return new String(frame.array(), frame.position(), size, StandardCharsets.ISO_8859_1).equals(ANNOUNCED);
    }

    /** To be called before the first call. */
    static synchronized void watch() {
        oomKills = countOomKills();
    }

    /** Of what it has said of its end, if anything, and its exit status: 128 and more is a signal, unless it has said so. */
    static ByteBuffer frame(ByteBuffer announced, int status) {
        boolean isSignal = announced == null && status > SIGNALLED && status <= SIGNALLED + SIGNALS;
        String how = isSignal ? ",\"signal\":" + (status - SIGNALLED) : ",\"status\":" + status;
        if (isSignal && status - SIGNALLED == SIGKILL && isNewOomKill()) {
            how += ",\"oom\":true";
        }
        ByteBuffer body = announced == null ? told(isSignal, status) : announced;
        byte[] tail = (how + "}").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer frame = ByteBuffer.allocate(body.remaining() - 1 + tail.length);
        frame.put(body.array(), body.position(), body.remaining() - 1).put(tail).flip();
        return frame;
    }

    private static ByteBuffer told(boolean isSignal, int status) {
        String message = isSignal
            ? "the process of the call was ended by signal " + (status - SIGNALLED)
            : "the process of the call ended by itself with status " + status;
        ByteBuffer frame = new Failure(Failure.EXIT, TYPE, message, Collections.<String>emptyList()).toFrame();
        frame.position(Integer.BYTES);
        return frame;
    }

    private static synchronized boolean isNewOomKill() {
        boolean isNew = countOomKills() > oomKills;
        if (isNew) {
            oomKills++;
        }
        return isNew;
    }

    private static long countOomKills() {
        for (Path counter : COUNTERS) {
            try {
                return oomKills(new String(Files.readAllBytes(counter), StandardCharsets.US_ASCII));
            } catch (IOException absent) {
                continue; // the other generation of control groups
            }
        }
        return 0;
    }

    private static long oomKills(String text) {
        for (String line : text.split("\n")) {
            if (line.startsWith("oom_kill ")) {
                return Long.parseLong(line.substring("oom_kill ".length()).trim());
            }
        }
        return 0;
    }
}
