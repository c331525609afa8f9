package workerfront.agent;

import java.nio.ByteBuffer;

/** The frames that an agent sends, as bytes with their length in front. */
final class Frames {
    /** A longer frame is a protocol error. */
    static final int MAX_BYTES = 16 * 1024 * 1024;

    private static final int AGENT_VERSION = 2;
    private static final String NO_LENGTH_YET = "\0\0\0\0";

    private Frames() {}

    static ByteBuffer ready(String runtime) {
        JsonBytes out = start("ready").plain(",\"runtime\":").string(runtime);
        return end(out.plain(",\"agent_version\":").plain(Integer.toString(AGENT_VERSION)));
    }

    /** Between a spare and its supervisor: what its type says, and nothing else. */
    static ByteBuffer plain(String type) {
        return end(start(type));
    }

    /** The frame that was received as this body, to be sent on. */
    static ByteBuffer whole(ByteBuffer body) {
        ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + body.remaining()).putInt(body.remaining()).put(body);
        frame.flip();
        return frame;
    }

    /** What goes in front of this body. */
    static ByteBuffer length(ByteBuffer body) {
        return ByteBuffer.wrap(new byte[Integer.BYTES]).putInt(0, body.remaining());
    }

    static ByteBuffer log(String stream, CharSequence text) {
        return end(start("log").plain(",\"stream\":").string(stream).plain(",\"data\":").string(text));
    }

    static ByteBuffer result(Stopwatch watch, JsonBytes value) {
        JsonBytes out = start("result");
        watch.writeTo(out);
        return end(out.plain(",\"value\":").append(value));
    }

    /** The first bytes of a frame of this type, to be followed by members that begin with a comma. */
    static JsonBytes start(String type) {
        return new JsonBytes(Integer.BYTES + MAX_BYTES).plain(NO_LENGTH_YET).plain("{\"type\":").string(type);
    }

    static ByteBuffer end(JsonBytes frame) {
        ByteBuffer bytes = frame.plain("}").toBuffer();
        return bytes.putInt(0, bytes.limit() - Integer.BYTES);
    }
}
