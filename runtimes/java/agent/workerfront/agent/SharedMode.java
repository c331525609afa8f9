package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;

/** Mode shared: many calls at once in this process, each in a thread of its own. */
final class SharedMode {
    private final Settings settings;
    private final Listener listener;
    private final Threads threads = new Threads();
    private final Places places = new Places();
    private final Lifetime lifetime;
    private final Set<SharedCall> calls = new HashSet<>(); // those that run, and the one that has seen the loading
    private SharedCall first;
    private Handler handler;
    private Failure loadFailure;

    SharedMode(Settings settings, Listener listener) {
        this.settings = settings;
        this.listener = listener;
        this.lifetime = new Lifetime(settings.lifetime, listener, new Halt());
    }

    /** Returns when nobody can connect any more; the lifetime's thread ends the process. */
    void serve() throws IOException {
        SharedStreams.install();
        first = nextCall();
        Runtime.getRuntime().addShutdownHook(new Thread(new Abort(), "worker-front-exit"));
        lifetime.start();
        Connection peer = listener.accept();
        if (peer != null) {
            load();
        }
        while (peer != null) {
            new Session(peer, Frames.ready(settings.runtime), places, lifetime).begin(threads);
            peer = listener.accept();
        }
        lifetime.await();
    }

    /** What the next call prints and answers. The first one has what was printed while the handler was loaded. */
    synchronized SharedCall nextCall() {
        SharedCall next = first == null ? new SharedCall(this, settings.logLimit) : first;
        first = null;
        calls.add(next);
        return next;
    }

    void execute(SharedCall call) {
        threads.execute(call);
    }

    ByteBuffer outcome(Call call) {
        return handler == null ? loadFailure.toFrame() : Invocation.run(handler, call, settings.resultLimit);
    }

    /** The call is over; its thread may serve another one, or is null and has not come back. */
    void finished(SharedCall call, HandlerThread handlerThread) {
        synchronized (this) {
            calls.remove(call);
        }
        if (loadFailure != null) {
            lifetime.set(0.0);
        }
        places.offer(new SharedPlace(this, handlerThread));
    }

    private void load() {
        final SharedCall loading = first;
        final HandlerThread loader = HandlerThread.started();
        loader.begin(new Runnable() {
            @Override
            public void run() {
                SharedStreams.use(loading.logs);
                find();
                threads.execute(new Open(loader)); // the agent's own thread: this one may be interrupted
            }
        });
    }

    private void find() {
        try {
            handler = HandlerLoader.load(settings.handler);
        } catch (LoadException error) {
            loadFailure = error.failure;
        }
    }

    private synchronized Set<SharedCall> running() {
        return new HashSet<>(calls);
    }

    private final class Open implements Runnable {
        private final HandlerThread loader;

        Open(HandlerThread loader) {
            this.loader = loader;
        }

        @Override
        public void run() {
            for (int i = 0; i < settings.concurrency; i++) {
                places.offer(new SharedPlace(SharedMode.this, i == 0 ? loader : null));
            }
        }
    }

    private final class Abort implements Runnable {
        /** Newcomers are refused first: who hears of the end and calls again at once must not come back here. */
        @Override
        public void run() {
            try {
                listener.close();
            } catch (IOException error) {
                // the process ends all the same
            }
            ByteBuffer last = ExitHook.exitFrame();
            for (SharedCall call : new ArrayList<>(running())) {
                call.abort(last == null ? null : last.duplicate());
            }
        }
    }
}
