package workerfront.agent;

/** The agent's settings, which start.sh hands over as arguments: Java cannot hide a variable from the handler. */
final class Settings {
    private static final int COUNT = 6;

    final String channel;
    final String handler;
    final String mode;
    final String runtime;
    final int logLimit;
    final int resultLimit;

    private Settings(String[] values) {
        channel = values[0];
        handler = values[1];
        mode = values[2];
        runtime = values[3];
        logLimit = Integer.parseInt(values[4]);
        resultLimit = Integer.parseInt(values[5]);
    }

    static Settings of(String[] arguments) {
        if (arguments.length != COUNT) {
            throw new IllegalArgumentException("arguments: channel handler mode runtime log-limit result-limit");
        }
        return new Settings(arguments);
    }
}
