package workerfront.agent;

import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * stdout and stderr of a spare: both go straight into the pipe that its children and its native code write to as well. So
 * all is in order, and nothing is lost however the process ends. Marks around it say what is stderr.
 */
final class RawStreams extends OutputStream {
    static final char END = '0';
    static final char STDOUT = '1';
    static final char STDERR = '2';
    private static final int ATOMIC = 4096; // PIPE_BUF: nothing of another writer comes between

    private final FileOutputStream pipe = new FileOutputStream(FileDescriptor.out);
    private final byte[] before;
    private final byte[] after;

    private RawStreams(String before, String after) {
        this.before = before.getBytes(StandardCharsets.ISO_8859_1);
        this.after = after.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Makes these the streams of the process, and its input empty. */
    static void install(String mark) throws IOException {
        System.setIn(new ByteArrayInputStream(new byte[0]));
        System.setOut(new PrintStream(new RawStreams("", ""), true, "UTF-8"));
        System.setErr(new PrintStream(new RawStreams(mark + STDERR, mark + STDOUT), true, "UTF-8"));
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int room = ATOMIC - before.length - after.length;
        for (int start = 0; start < length; start += room) {
            writePiece(bytes, offset + start, Math.min(room, length - start));
        }
    }

    /** With its marks. */
    private void writePiece(byte[] bytes, int offset, int length) throws IOException {
        byte[] piece = new byte[before.length + length + after.length];
        System.arraycopy(before, 0, piece, 0, before.length);
        System.arraycopy(bytes, offset, piece, before.length, length);
        System.arraycopy(after, 0, piece, before.length + length, after.length);
        pipe.write(piece);
    }
}
