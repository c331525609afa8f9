package workerfront.agent;

import java.io.IOException;

/**
 * When the agent ends: it has had no call for its lifetime. It then stops listening, waits until what it has accepted is
 * served, and runs its last task.
 */
final class Lifetime extends Thread {
    /** Where a connection stands. */
    static final int NONE = 0;
    static final int WAITING = 1; // for its ready
    static final int READY = 2; // for the peer's call
    static final int CALLING = 3;

    private static final double NANOS = 1e9;
    private static final double GRACE = 1; // seconds for a peer to use the ready that it has

    private final Listener listener;
    private final Runnable end;
    private final int[] connections = new int[CALLING + 1];
    private double seconds;
    private long since = System.nanoTime();

    Lifetime(double seconds, Listener listener, Runnable end) {
        super("worker-front-lifetime");
        this.seconds = seconds == 0 ? Double.POSITIVE_INFINITY : seconds;
        this.listener = listener;
        this.end = end;
        setDaemon(true);
    }

    boolean isLimited() {
        return seconds < Double.POSITIVE_INFINITY;
    }

    /** From now on, counted from the end of the last call; null changes nothing. */
    synchronized void set(Double changed) {
        if (changed != null) {
            seconds = changed;
            notifyAll();
        }
    }

    synchronized void moved(int from, int to) {
        connections[from]--;
        connections[to]++;
        if (from == CALLING) {
            since = System.nanoTime();
        }
        notifyAll();
    }

    @Override
    public void run() {
        awaitIdle();
        try {
            listener.close();
        } catch (IOException error) {
            Main.fail(error);
        }
        awaitServed();
        end.run();
    }

    /** Waits for the last task. */
    void await() {
        while (isAlive()) {
            try {
                join();
            } catch (InterruptedException ignored) {
                continue;
            }
        }
    }

    private synchronized void awaitIdle() {
        while (connections[CALLING] > 0 || left(seconds) > 0) {
            pause(connections[CALLING] > 0 ? Double.POSITIVE_INFINITY : left(seconds));
        }
    }

    private synchronized void awaitServed() {
        since = System.nanoTime();
        while (connections[WAITING] + connections[CALLING] > 0 || connections[READY] > 0 && left(GRACE) > 0) {
            pause(GRACE);
        }
    }

    private double left(double limit) {
        return limit - (System.nanoTime() - since) / NANOS;
    }

    private void pause(double limit) {
        try {
            wait(limit == Double.POSITIVE_INFINITY ? 0 : (long) (limit * 1000) + 1);
        } catch (InterruptedException ignored) {
            return; // by a handler's thread; the caller looks again
        }
    }
}
