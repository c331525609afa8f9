package workerfront.agent;

/** A handler's value that cannot be sent. The message says where in the value and why. */
final class UnwritableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    final String errorType;
    private final String reason;
    private String place = "";

    private UnwritableException(String errorType, String reason, Throwable cause) {
        super(cause);
        this.errorType = errorType;
        this.reason = reason;
    }

    static UnwritableException notJson(String reason) {
        return new UnwritableException("ResultNotJson", reason, null);
    }

    /** The value's own code raised while it was read. */
    static UnwritableException raised(String reason, Throwable cause) {
        return new UnwritableException(cause.getClass().getName(), reason, cause);
    }

    static UnwritableException tooLarge(int limit) {
        return new UnwritableException("ResultTooLarge", "the result is larger than " + limit + " bytes", null);
    }

    /** Says, from the inside outwards, in which element or property it happened. */
    UnwritableException within(String step) {
        place = step + place;
        return this;
    }

    @Override
    public String getMessage() {
        return place.isEmpty() ? reason : reason + ", in result" + place;
    }
}
