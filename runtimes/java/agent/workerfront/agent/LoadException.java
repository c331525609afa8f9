package workerfront.agent;

/** The handler cannot be loaded: every call is answered with this failure. */
final class LoadException extends Exception {
    private static final long serialVersionUID = 1L;

    final transient Failure failure;

    LoadException(Failure failure, Throwable cause) {
        super(cause);
        this.failure = failure;
    }
}
