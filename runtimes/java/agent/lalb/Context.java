package lalb;

/** What a handler may know about the call that it serves. */
public class Context {
    private final String callId;
    private final String functionName;
    private final String functionVersion;
    private final int memoryLimitInMb;
    private final long deadlineMs;

    public Context(String callId, String functionName, String functionVersion, int memoryLimitInMb, long deadlineMs) {
        this.callId = callId;
        this.functionName = functionName;
        this.functionVersion = functionVersion;
        this.memoryLimitInMb = memoryLimitInMb;
        this.deadlineMs = deadlineMs;
    }

    public String getCallId() {
        return callId;
    }

    public String getFunctionName() {
        return functionName;
    }

    public String getFunctionVersion() {
        return functionVersion;
    }

    public int getMemoryLimitInMb() {
        return memoryLimitInMb;
    }

    /** Unix time in ms at which the call is cut off. */
    public long getDeadlineMs() {
        return deadlineMs;
    }

    /** Ms until the call is cut off; never negative. */
    public long remainingTimeMs() {
        return Math.max(0, deadlineMs - System.currentTimeMillis());
    }
}
