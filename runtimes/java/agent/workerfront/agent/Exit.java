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

    private static final int SIGKILL = 9;
    private static final String ANNOUNCED = "{\"type\":\"error\",\"kind\":\"exit\",\"errorType\":\"" + TYPE + "\"";
    private static final Path[] COUNTERS = {
        Paths.get("/sys/fs/cgroup/memory.events"), Paths.get("/sys/fs/cgroup/memory/memory.oom_control")
    };

    private static long oomKills = countOomKills(); // those that a call has been told of

    private Exit() {}

    /** Whether the process says in this frame, which has no length, that it is ending itself. */
    static boolean isAnnounced(ByteBuffer frame) {
        int size = Math.min(ANNOUNCED.length(), frame.remaining());
        return new String(frame.array(), frame.position(), size, StandardCharsets.ISO_8859_1).equals(ANNOUNCED);
    }

    /** Of what it has said of its end, if anything, and of how it was: a status, or a signal's number as a negative one. */
    static ByteBuffer frame(ByteBuffer announced, int end) {
        String how = end < 0 ? ",\"signal\":" + -end : ",\"status\":" + end;
        if (end == -SIGKILL && isNewOomKill()) {
            how += ",\"oom\":true";
        }
        ByteBuffer body = announced == null ? told(end) : announced;
        byte[] tail = (how + "}").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer frame = ByteBuffer.allocate(body.remaining() - 1 + tail.length);
        frame.put(body.array(), body.position(), body.remaining() - 1).put(tail).flip();
        return frame;
    }

    private static ByteBuffer told(int end) {
        String message = end < 0
            ? "the process of the call was ended by signal " + -end
            : "the process of the call ended by itself with status " + end;
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
