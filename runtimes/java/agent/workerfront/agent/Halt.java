package workerfront.agent;

/** The end, status 0, whatever threads the handler has left behind. */
class Halt implements Runnable {
    @Override
    public void run() {
        Runtime.getRuntime().halt(0);
    }
}
