package workerfront.agent;

/** A little heap that is kept back, so that an OutOfMemoryError can still be reported. */
final class MemoryReserve {
    private static final int BYTES = 512 * 1024;

    @SuppressWarnings("unused") // being there is its use
    private static volatile byte[] kept;

    private MemoryReserve() {}

    static void keep() {
        kept = new byte[BYTES];
    }

    static void release() {
        kept = null;
    }
}
