package workerfront.agent;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UnsupportedEncodingException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** What one call prints: the bytes of both streams become text, in order and up to a limit. */
final class LogCapture {
    private static final int CHARS = 8 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final LogSink sink;
    private final int limit;
    private final Stream stdout = new Stream("stdout");
    private final Stream stderr = new Stream("stderr");
    private int left;
    private boolean isCut;
    private boolean isOver;

    LogCapture(LogSink sink, int limit) {
        this.sink = sink;
        this.limit = limit;
        this.left = limit;
    }

    /** Makes these the streams of the process, and its input empty. */
    void install() {
        System.setIn(new ByteArrayInputStream(new byte[0]));
        System.setOut(stdout());
        System.setErr(stderr.printer());
    }

    /** For a stream of the process that many calls share. False when this log is over. */
    boolean write(boolean isError, byte[] bytes, int offset, int length) {
        return accept(isError ? stderr : stdout, bytes, offset, length);
    }

    PrintStream stdout() {
        return stdout.printer();
    }

    /** Passes on what was held back as the beginning of a character; what is written later is dropped. */
    synchronized void end() {
        flush();
        isOver = true;
    }

    /** The last words of a log that is longer than it may be. */
    static String cut(int limit) {
        return "[log cut at " + limit + " bytes]\n";
    }

    private synchronized boolean accept(Stream stream, byte[] bytes, int offset, int length) {
        if (!isOver && !isCut) {
            int passed = Math.min(length, left);
            left -= passed;
            stream.decode(ByteBuffer.wrap(bytes, offset, passed));
            if (passed < length) {
                flush();
                isCut = true;
                sink.logApart("stderr", cut(limit));
            }
        }
        return !isOver;
    }

    private void flush() {
        if (!isOver && !isCut) {
            stdout.end();
            stderr.end();
        }
    }

    private final class Stream extends OutputStream {
        private final String name;
        private final CharBuffer chars = CharBuffer.allocate(CHARS);
        private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
        private ByteBuffer held = NOTHING; // the beginning of a character

        Stream(String name) {
            this.name = name;
        }

        PrintStream printer() {
            try {
                return new PrintStream(this, true, "UTF-8");
            } catch (UnsupportedEncodingException impossible) {
                throw new AssertionError(impossible);
            }
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            accept(this, bytes, offset, length);
        }

        void decode(ByteBuffer bytes) {
            ByteBuffer input = held.hasRemaining() ? joined(held, bytes) : bytes;
            decode(input, false);
            held = joined(input, NOTHING);
        }

        void end() {
            decode(held, true);
        }

        private void decode(ByteBuffer input, boolean isEnd) {
            boolean isMore = true;
            while (isMore) {
                isMore = decoder.decode(input, chars, isEnd).isOverflow();
                chars.flip();
                if (chars.hasRemaining()) {
                    sink.log(name, chars);
                }
                chars.clear();
            }
        }

        private ByteBuffer joined(ByteBuffer first, ByteBuffer second) {
            ByteBuffer both = ByteBuffer.allocate(first.remaining() + second.remaining()).put(first).put(second);
            both.flip();
            return both;
        }
    }
}
