package workerfront.agent;

/** Start and end of the handler as Unix times in ms. The clock of the day gives whole ms, so it is read only once. */
final class Stopwatch {
    private static final double NANOS_PER_MS = 1e6;

    private final double startedMs = System.currentTimeMillis();
    private final long startedNanos = System.nanoTime();
    private double endedMs;

    void stop() {
        endedMs = startedMs + (System.nanoTime() - startedNanos) / NANOS_PER_MS;
    }

    void writeTo(JsonBytes out) {
        out.plain(",\"started_ms\":").plain(Double.toString(startedMs));
        out.plain(",\"ended_ms\":").plain(Double.toString(endedMs));
    }
}
