package workerfront.agent;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a supervisor needs to know of a frame. Both come first, so the rest, which may be megabytes, is not read. */
final class FrameHead {
    private static final int SIZE = 1024;
    private static final Pattern HEAD = Pattern.compile(
        "\\s*\\{\\s*\"type\"\\s*:\\s*\"(\\w*)\"(?:\\s*,\\s*\"id\"\\s*:\\s*(?:\"(?:[^\"\\\\]|\\\\.)*+\"|[-\\w.]+))?"
            + "(?:\\s*,\\s*\"lifetime_s\"\\s*:\\s*([-+.\\deE]+)\\s*[,}])?");

    final String type; // empty: none
    final Double lifetime; // seconds; null: none, or no number

    private FrameHead(String type, Double lifetime) {
        this.type = type;
        this.lifetime = lifetime;
    }

    /** Of a frame without its length. */
    static FrameHead of(ByteBuffer frame) {
        int size = Math.min(SIZE, frame.remaining());
        Matcher found = HEAD.matcher(new String(frame.array(), frame.position(), size, StandardCharsets.ISO_8859_1));
        return found.lookingAt() ? new FrameHead(found.group(1), number(found.group(2))) : new FrameHead("", null);
    }

    private static Double number(String text) {
        try {
            return text == null ? null : Double.valueOf(text);
        } catch (NumberFormatException malformed) {
            return null;
        }
    }
}
