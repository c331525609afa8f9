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
    private static final double GRACE = 5; // seconds for a peer to use the ready that it has

    private final Listener listener;
    private final Runnable end;
    private final int[] connections = new int[CALLING + 1];
    private double seconds;
    private boolean isClosing;
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

    /** From now on, counted from the end of the last call; null changes nothing. After 0 nobody can connect, for good. */
    void set(Double changed) {
        if (changed != null && change(changed) == 0) {
            stopListening();
        }
    }

    synchronized void moved(int from, int to) {
        connections[from]--;
        connections[to]++;
        if (from == CALLING || isClosing) {
            since = System.nanoTime();
        }
        notifyAll();
    }

    @Override
    public void run() {
        awaitOver();
        stopListening();
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

    private synchronized double change(double changed) {
        seconds = seconds == 0 ? 0 : changed;
        notifyAll();
        return seconds;
    }

    private void stopListening() {
        try {
            listener.close();
        } catch (IOException error) {
            Main.fail(error);
        }
    }

    private synchronized void awaitOver() {
        while (seconds > 0 && (connections[CALLING] > 0 || left(seconds) > 0)) {
            pause(connections[CALLING] > 0 ? Double.POSITIVE_INFINITY : left(seconds));
        }
    }

    private synchronized void awaitServed() {
        isClosing = true;
        since = System.nanoTime();
        while (isServing() || connections[READY] > 0 && left(GRACE) > 0) {
            pause(isServing() ? Double.POSITIVE_INFINITY : left(GRACE));
        }
    }

    private boolean isServing() {
        return connections[WAITING] + connections[CALLING] > 0;
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
