package workerfront.agent;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A process that a supervisor has started ahead for one call. It loads the handler at once, says so, and serves one call
 * over two pipes that start.sh has put where the handler does not find them by chance.
 */
final class SpareMode {
    /** What a spare says of itself before its call. */
    static final String LOADED = "loaded";
    static final String UNLOADABLE = "unloadable";
    /** In place of a last frame: what came was no call. */
    static final String REFUSED = "refused";

    private final String mark;
    private final SingleCall single;
    private final Connection supervisor;

    SpareMode(Settings settings) throws IOException {
        mark = settings.channel;
        single = new SingleCall(settings);
        supervisor = new Pipes();
    }

    /** Returns when the supervisor wants no more of this process. */
    void serve() throws IOException {
        new Warmup().run();
        single.prepare();
        RawStreams.install(mark);
        supervisor.send(Frames.plain(single.load() ? LOADED : UNLOADABLE));
        ByteBuffer frame = supervisor.receive();
        if (frame != null) {
            serve(frame);
            supervisor.receive(); // stays until it is killed: its children are found by their parent
        }
    }

    private void serve(ByteBuffer frame) throws IOException {
        try {
            single.begin(Call.parse(frame));
        } catch (IOException malformed) {
            supervisor.send(Frames.plain(REFUSED));
            return;
        } catch (OutOfMemoryError full) {
            single.refuse(full);
        }
        single.sendTo(supervisor.out());
    }

    private static final class Pipes extends Connection {
        Pipes() throws IOException {
            super(new FileInputStream("/proc/self/fd/4"), new FileOutputStream("/proc/self/fd/3"));
        }

        @Override
        public void close() {
            // open to the end of the process
        }
    }
}
