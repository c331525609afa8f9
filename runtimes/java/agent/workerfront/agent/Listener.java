package workerfront.agent;

import java.io.Closeable;
import java.io.IOException;

/** Where peers connect. */
abstract class Listener implements Closeable {
    private static final String UNIX = "unix:";
    private static final String TCP = "tcp:";

    private volatile boolean isClosed;

    /** Waits for the next peer; null when the listener has been closed. */
    Connection accept() throws IOException {
        try {
            return acceptOne();
        } catch (IOException error) {
            if (isClosed) {
                return null;
            }
            throw error;
        }
    }

    abstract Connection acceptOne() throws IOException;

    abstract void closeSocket() throws IOException;

    @Override
    public void close() throws IOException {
        isClosed = true;
        closeSocket();
    }

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
