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
        spares.end(this);
        process.awaitEnd();
        if (session != null) {
            session.ended();
        }
        spares.used(this, session != null);
        close();
    }

    @Override
    public boolean call(Session caller, ByteBuffer frame) {
        if (!belongTo(caller)) {
            return false;
        }
        try {
            log.open(caller.connection());
            process.relay(frame);
            process.out().flush();
        } catch (IOException gone) {
            // the process or the peer: both have somebody who reads
        }
        return true;
    }

    @Override
    public void cancel(Session caller) {
        spares.end(this);
    }

    /** Whether it would serve a call as one expects. One that could not even load is needed to say so. */
    boolean isUsable() {
        return !(isLoaded && (isDead || !process.isAlive())); // its end is known before its last words are read
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
        if (!spares.ready(this, isLoaded)) {
            return;
        }
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
        } catch (OutOfMemoryError full) { // for this answer; the other calls go on
            full.printStackTrace(Main.CONTAINER_LOG);
            kill();
            return null;
        }
    }

    private void finish(ByteBuffer last) {
        output.finish();
        session.end(answer(last));
        spares.answered(isLoaded);
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

    /** False when it has died before. */
    private synchronized boolean belongTo(Session caller) {
        if (!isUsable()) {
            discard();
            return false;
        }
        spares.began();
        session = caller;
        notifyAll();
        return true;
    }

    private void close() {
        try {
            process.close();
        } catch (IOException gone) {
            return; // the pipes are closed all the same
        }
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
