package workerfront.agent;

/**
 * The thread of the user's code, which does one task after the other. The agent's own threads run none of that code: it
 * may interrupt the thread that it is in, and a thread that is interrupted closes the channels that it uses.
 */
final class HandlerThread extends Thread {
    private Runnable task;
    private boolean isBusy;

    HandlerThread() {
        super("handler");
        setDaemon(true);
    }

    synchronized void begin(Runnable next) {
        task = next;
        isBusy = true;
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
            while (true) {
                next().run();
                done();
            }
        } catch (Throwable error) { // the agent's own mistake, or not even heap for an error frame
            Main.fail(error);
        }
    }

    private synchronized Runnable next() {
        while (task == null) {
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
