package workerfront.agent;

import java.io.IOException;

/** Where peers connect. */
abstract class Listener {
    private static final String UNIX = "unix:";
    private static final String TCP = "tcp:";

    abstract Connection accept() throws IOException;

    /** Binds and listens: unix:[path], from Java 16 on, or tcp:[port]. */
    static Listener bind(String address) throws IOException {
        if (address.startsWith(UNIX)) {
            return new UnixListener(address.substring(UNIX.length()));
        }
        if (address.startsWith(TCP)) {
            return new TcpListener(Integer.parseInt(address.substring(TCP.length())));
        }
        throw new IOException("WF_CHANNEL is neither unix:<path> nor tcp:<port>: " + address);
    }
}
