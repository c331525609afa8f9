package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Mode process: many calls, each in a process of its own that was started before it. This one runs no user code. */
final class ProcessMode {
    private final Settings settings;
    private final Listener listener;
    private final Threads threads = new Threads();
    private final Spares spares;
    private final Lifetime lifetime;

    ProcessMode(Settings settings, Listener listener) throws IOException {
        this.settings = settings;
        this.listener = listener;
        this.lifetime = new Lifetime(settings.lifetime, listener, new End());
        Leftovers leftovers = new Leftovers(settings, new Killer());
        this.spares = new Spares(settings, threads, leftovers, new TempFolders(settings.tmp), lifetime);
    }

    /** Returns when nobody can connect any more; the lifetime's thread ends the process. */
    void serve() throws IOException {
        Runtime.getRuntime().addShutdownHook(new Thread(new Close(), "worker-front-end"));
        Exit.watch();
        lifetime.start();
        threads.execute(spares);
        ByteBuffer ready = Frames.ready(settings.runtime);
        for (Connection peer = listener.accept(); peer != null; peer = listener.accept()) {
            new Session(peer, ready.duplicate(), spares, lifetime).begin(threads);
        }
        lifetime.await();
    }

    private class Close implements Runnable {
        @Override
        public void run() {
            spares.close();
        }
    }

    private final class End extends Close {
        @Override
        public void run() {
            super.run();
            new Halt().run();
        }
    }
}
