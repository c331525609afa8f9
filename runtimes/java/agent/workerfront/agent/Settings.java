package workerfront.agent;

/** The agent's settings, which start.sh hands over as arguments: Java cannot hide a variable from the handler. */
final class Settings {
    private static final int COUNT = 12;

    final String channel;
    final String handler;
    final String mode;
    final String runtime;
    final int logLimit;
    final int resultLimit;
    final double lifetime; // seconds; 0: for ever
    final int concurrency;
    final String memory;
    final String tmp; // empty: there is none
    final boolean isAlone;
    final String starter; // the path of start.sh

    private Settings(String[] values) {
        channel = values[0];
        handler = values[1];
        mode = values[2];
        runtime = values[3];
        logLimit = Integer.parseInt(values[4]);
        resultLimit = Integer.parseInt(values[5]);
        lifetime = Double.parseDouble(values[6]);
        concurrency = Integer.parseInt(values[7]);
        memory = values[8];
        tmp = values[9];
        isAlone = values[10].equals("1");
        starter = values[11];
    }

    static Settings of(String[] arguments) {
        if (arguments.length != COUNT) {
            throw new IllegalArgumentException("arguments: channel handler mode runtime log-limit result-limit lifetime "
                + "concurrency memory tmp alone start.sh");
        }
        return new Settings(arguments);
    }
}
