package workerfront.agent;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;

/** One process that is started ahead for one call, as its supervisor sees it. Its own thread reads what it sends. */
final class Spare implements Place, Runnable {
    final File folder; // null: none
    private final Settings settings;
    private final Spares spares;
    private final CallLog log = new CallLog();
    private volatile SpareProcess process; // null: not started yet
    private volatile boolean isLoaded;
    private volatile boolean isDead;
    private RawOutput output;
    private Session session; // of its call
    private boolean isDiscarded;

    Spare(Settings settings, Spares spares, File folder) {
        this.settings = settings;
        this.spares = spares;
        this.folder = folder;
    }

    /** Its number; 0 while it has none. */
    int pid() {
        SpareProcess known = process;
        return known == null ? 0 : known.pid;
    }

    @Override
    public void run() {
        try {
            start();
        } catch (IOException | OutOfMemoryError error) { // memory, or processes and threads
            if (process != null) {
                process.kill();
            }
            spares.failed(this, error);
            return;
        }
        serve();
        spares.used(this, session != null);
        try {
            process.close();
        } catch (IOException gone) {
            return; // the pipes are closed all the same
        }
    }

    @Override
    public void call(Session caller, ByteBuffer frame) {
        spares.began();
        belongTo(caller);
        try {
            log.open(caller.connection());
            process.relay(frame);
            process.out().flush();
        } catch (IOException gone) {
            return; // the process or the peer: both have somebody who reads
        }
    }

    @Override
    public void cancel(Session caller) {
        spares.end(this);
    }

    /** Whether it would serve a call as one expects. One that could not even load is needed to say so. */
    boolean isUsable() {
        return !(isDead && isLoaded);
    }

    /** It has died, and nobody will call. */
    synchronized void discard() {
        isDiscarded = true;
        notifyAll();
    }

    void kill() {
        process.kill();
    }

    private void start() throws IOException {
        String mark = UUID.randomUUID().toString();
        process = SpareProcess.start(settings, mark, folder);
        output = new RawOutput(process.raw, process.rawEnd, mark, new LogCapture(log, settings.logLimit));
        output.start();
        if (spares.isClosed()) {
            kill();
        }
    }

    private void serve() {
        ByteBuffer report = receive();
        isLoaded = report != null && FrameHead.of(report).type.equals(SpareMode.LOADED);
        isDead = report == null;
        spares.ready(this, isLoaded);
        ByteBuffer last = isDead ? null : receive();
        isDead = last == null;
        if (isDead && isLoaded) {
            spares.died(this);
        }
        if (isCalled()) {
            finish(last);
        }
    }

    /** The next frame; null when the process has ended. */
    private ByteBuffer receive() {
        try {
            return process.receive();
        } catch (IOException broken) {
            return null; // cut short by its end
        }
    }

    private void finish(ByteBuffer last) {
        output.finish();
        session.end(answer(last));
        spares.answered(isLoaded);
        spares.end(this);
        process.awaitEnd();
        session.ended();
    }

    private ByteBuffer answer(ByteBuffer last) {
        if (spares.isClosed()) {
            return null; // the process has not ended by itself
        }
        if (last == null || Exit.isAnnounced(last)) {
            return Exit.frame(last, process.awaitEnd());
        }
        return FrameHead.of(last).type.equals(SpareMode.REFUSED) ? null : last;
    }

    private synchronized void belongTo(Session caller) {
        session = caller;
        notifyAll();
    }

    /** Waits for its call. False when there will be none. */
    private synchronized boolean isCalled() {
        while (session == null && !isDiscarded) {
            try {
                wait();
            } catch (InterruptedException impossible) {
                continue;
            }
        }
        return session != null;
    }
}
