package workerfront.agent;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;

/** A peer's connection: whole frames in and out. */
abstract class Connection implements Closeable {
    // A channel keeps a buffer outside the heap as large as the largest piece that a thread has read or written.
    private static final int PIECE = 64 * 1024;

    private final InputStream in;
    private final OutputStream out;

    Connection(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** Returns when the end of this process cannot take back what was sent: at once, where that is in the peer's buffer. */
    void settle() throws IOException {}

    OutputStream out() {
        return out;
    }

    void send(ByteBuffer frame) throws IOException {
        write(out, frame);
    }

    /** Sends a frame that was received as this body. A large one is not copied. */
    void relay(ByteBuffer body) throws IOException {
        if (body.remaining() <= PIECE) {
            send(Frames.whole(body));
        } else {
            send(Frames.length(body));
            send(body);
        }
    }

    static void write(OutputStream out, ByteBuffer frame) throws IOException {
        while (frame.hasRemaining()) {
            int size = Math.min(PIECE, frame.remaining());
            out.write(frame.array(), frame.position(), size);
            frame.position(frame.position() + size);
        }
    }

    /** The next frame without its length; null at the end of the stream. */
    ByteBuffer receive() throws IOException {
        byte[] header = new byte[Integer.BYTES];
        if (read(header) == 0) {
            return null;
        }
        int length = ByteBuffer.wrap(header).getInt();
        if (length < 0 || length > Frames.MAX_BYTES) {
            throw new ProtocolException("a frame of more than " + Frames.MAX_BYTES + " bytes");
        }
        byte[] body = new byte[length];
        if (read(body) < length) {
            throw new EOFException("a frame that is cut short");
        }
        return ByteBuffer.wrap(body);
    }

    /** Fills the array and returns its size, or 0 when the stream ends before the first byte. */
    private int read(byte[] target) throws IOException {
        int size = 0;
        while (size < target.length) {
            int count = in.read(target, size, Math.min(PIECE, target.length - size));
            if (count < 0 && size > 0) {
                throw new EOFException("a frame that is cut short");
            }
            if (count < 0) {
                return 0;
            }
            size += count;
        }
        return size;
    }
}
