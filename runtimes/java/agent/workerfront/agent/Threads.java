package workerfront.agent;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** As many threads as are needed, kept for a while, so that a call seldom costs the start of one. */
final class Threads extends ThreadPoolExecutor {
    private static final int KEPT_SECONDS = 10;

    Threads() {
        super(2, Integer.MAX_VALUE, KEPT_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<Runnable>(), new Daemons());
    }

    /** The agent's own mistake ends it: half an agent would keep its peers waiting. */
    @Override
    protected void afterExecute(Runnable task, Throwable error) {
        if (error != null) {
            Main.fail(error);
        }
    }

    private static final class Daemons implements ThreadFactory {
        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(task, "worker-front");
            thread.setDaemon(true);
            return thread;
        }
    }
}
