package workerfront.agent;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/** How many spares there are: a few ahead of their calls, more while sessions wait, never more than calls at once. */
final class Spares extends Places implements Runnable {
    private static final int AHEAD = 2;
    private static final int STARTS_AT_ONCE = 2; // they are work for a whole processor
    private static final long HANDOVER_MS = 20; // who is here calls sooner, and may have his answer: without a start beside it
    private static final long RETRY_MS = 100;
    private static final int FEW = 3; // failures to load that may pass, while no call runs

    private final Settings settings;
    private final Executor threads;
    private final Leftovers leftovers;
    private final TempFolders folders;
    private final Lifetime lifetime;
    private final Set<Spare> alive = new HashSet<>(); // those whose processes may run
    private int existing; // with those that are being cleared away
    private int starting;
    private int calls;
    private int ahead;
    private volatile boolean isClosed;
    private boolean hasLoaded;
    private int failures; // since then, while no call ran
    private boolean isHopeless; // the handler cannot be loaded
    private long pausedUntil = System.nanoTime(); // unless somebody waits
    private long retryAt = pausedUntil;

    Spares(Settings settings, Executor threads, Leftovers leftovers, TempFolders folders, Lifetime lifetime) {
        this.settings = settings;
        this.threads = threads;
        this.leftovers = leftovers;
        this.folders = folders;
        this.lifetime = lifetime;
    }

    /** Starts spares for ever. */
    @Override
    public void run() {
        while (true) {
            awaitNeed();
            try {
                begin(new Spare(settings, this, folders.create()));
            } catch (IOException full) { // a call has used up the room for temporary files
                retry(full);
            }
        }
    }

    /** Somebody is there: the handler may be loaded. */
    @Override
    void ask(Session session) {
        expect();
        super.ask(session);
    }

    /** One that has died meanwhile is none. */
    @Override
    void offer(Place place) {
        Spare spare = (Spare) place;
        if (!spare.isUsable()) {
            spare.discard();
            return;
        }
        super.offer(spare);
        if (!spare.isUsable()) {
            died(spare); // after the first look
        }
    }

    /** A call has come for one of them. */
    synchronized void began() {
        calls++;
        pausedUntil = inMs(HANDOVER_MS);
        notifyAll();
    }

    /** A new spare has loaded the handler, or is needed to say that it cannot be loaded. False when it is of no use. */
    boolean ready(Spare spare, boolean isLoaded) {
        synchronized (this) {
            starting--;
            if (isLoaded) {
                hasLoaded = true;
                failures = 0;
                folders.remember();
            } else if (isPassing()) {
                retryAt = inMs(RETRY_MS);
                return false;
            } else {
                isHopeless = true;
                ahead = 0;
            }
        }
        offer(spare);
        return true;
    }

    /** A spare could not be started. */
    synchronized void failed(Spare spare, Throwable error) {
        folders.remove(spare.folder);
        starting--;
        existing--;
        alive.remove(spare);
        retry(error);
    }

    /** The call of a spare has its answer. */
    void answered(boolean isLoaded) {
        if (!isLoaded) {
            lifetime.set(0.0);
        }
    }

    /** A loaded spare has ended by itself. */
    void died(Spare spare) {
        boolean isIdle;
        synchronized (this) {
            isIdle = idle.remove(spare);
        }
        if (isIdle) {
            spare.discard();
        }
    }

    /** Ends the spare's process, if it still runs, and everything that it has started. */
    void end(Spare spare) {
        leftovers.end(spare, others(spare));
    }

    /** The spare and its processes are gone. */
    void used(Spare spare, boolean isCalled) {
        folders.remove(spare.folder);
        synchronized (this) {
            existing--;
            calls -= isCalled ? 1 : 0;
            alive.remove(spare);
            pausedUntil = System.nanoTime();
            notifyAll();
        }
        tidy();
    }

    boolean isClosed() {
        return isClosed;
    }

    /** The end of all. */
    void close() {
        synchronized (this) {
            isClosed = true;
        }
        leftovers.endAll(others(null));
        for (Spare spare : others(null)) {
            folders.remove(spare.folder);
        }
    }

    private synchronized void expect() {
        ahead = isHopeless ? 0 : AHEAD;
        pausedUntil = inMs(HANDOVER_MS);
    }

    private void begin(Spare spare) {
        synchronized (this) {
            if (isClosed) {
                folders.remove(spare.folder);
                return;
            }
            alive.add(spare);
            existing++;
            starting++;
        }
        try {
            threads.execute(spare);
        } catch (OutOfMemoryError full) { // a call has used up every process and thread that there may be
            failed(spare, full);
        }
    }

    private synchronized List<Spare> others(Spare ended) {
        List<Spare> others = new ArrayList<>(alive);
        others.remove(ended); // which stays alive until its folder is gone: the end of all looks for those
        return others;
    }

    /** Clears away what nobody can need, because no call runs. New ones wait for that. */
    private void tidy() {
        if (!folders.hasStrays(others(null)) && !leftovers.hasStrays(others(null))) {
            return;
        }
        File trash = null;
        synchronized (this) {
            if (calls == 0) {
                leftovers.endStrays(alive);
                trash = folders.collectStrays(alive);
            }
        }
        folders.remove(trash);
    }

    /** It has been loaded before: a call may have taken all memory, processes or files. */
    private boolean isPassing() {
        return hasLoaded && !isHopeless && (calls > 0 || ++failures <= FEW);
    }

    private synchronized void retry(Throwable error) {
        error.printStackTrace(Main.CONTAINER_LOG);
        retryAt = inMs(RETRY_MS);
        notifyAll();
    }

    private synchronized void awaitNeed() {
        while (!isNeeded() || pauseNanos() > 0) {
            try {
                wait(isNeeded() ? Math.max(1, pauseNanos() / 1_000_000) : 0);
            } catch (InterruptedException impossible) {
                continue;
            }
        }
    }

    private boolean isNeeded() {
        return !isClosed
            && starting < STARTS_AT_ONCE
            && existing < settings.concurrency
            && starting + idle.size() < Math.max(waiting.size(), ahead);
    }

    private long pauseNanos() {
        long now = System.nanoTime();
        return Math.max(retryAt - now, waiting.isEmpty() ? pausedUntil - now : 0);
    }

    private static long inMs(long pause) {
        return System.nanoTime() + pause * 1_000_000;
    }
}
