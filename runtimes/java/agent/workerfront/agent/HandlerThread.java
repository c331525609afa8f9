package workerfront.agent;

/**
 * The thread of the user's code, which does one task after the other. The agent's own threads run none of that code: it
 * may interrupt the thread that it is in, and a thread that is interrupted closes the channels that it uses.
 */
final class HandlerThread extends Thread {
    private Runnable task;
    private boolean isBusy;
    private boolean isOver;

    HandlerThread() {
        super("handler");
        setDaemon(true);
    }

    static HandlerThread started() {
        HandlerThread thread = new HandlerThread();
        thread.start();
        return thread;
    }

    synchronized void begin(Runnable next) {
        task = next;
        isBusy = true;
        notifyAll();
    }

    /** After this task there will be none. */
    synchronized void end() {
        isOver = true;
        notifyAll();
    }

    synchronized void await() {
        while (isBusy) {
            pause();
        }
    }

    @Override
    public void run() {
        try {
            for (Runnable next = next(); next != null; next = next()) {
                next.run();
                done();
            }
        } catch (Throwable error) { // the agent's own mistake, or not even heap for an error frame
            Main.fail(error);
        }
    }

    /** Null: there will be none. */
    private synchronized Runnable next() {
        while (task == null && !isOver) {
            pause();
        }
        Runnable next = task;
        task = null;
        return next;
    }

    private synchronized void done() {
        isBusy = false;
        notifyAll();
    }

    private void pause() {
        try {
            wait();
        } catch (InterruptedException ignored) {
            // the last task has left that behind; the caller looks again
        }
    }
}
