package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Mode container: peers may ask whether the agent is ready; the first call is the only one. */
final class ContainerMode {
    private final Settings settings;
    private final Listener listener;
    private final SingleCall single;
    private final Lifetime lifetime;

    ContainerMode(Settings settings, Listener listener) {
        this.settings = settings;
        this.listener = listener;
        this.single = new SingleCall(settings);
        this.lifetime = new Lifetime(settings.lifetime, listener, new Halt());
    }

    /** Returns after the call, or when the lifetime is over. False when the process is ending, because the handler exits. */
    boolean serve() throws IOException {
        if (lifetime.isLimited()) {
            lifetime.start();
        }
        single.prepare();
        while (true) {
            Connection connection = listener.accept();
            if (connection == null) {
                return false; // the lifetime's thread ends the process
            }
            lifetime.moved(Lifetime.NONE, Lifetime.WAITING);
            try {
                if (begin(connection)) {
                    return finish(connection);
                }
            } finally {
                connection.close();
            }
            lifetime.moved(Lifetime.WAITING, Lifetime.NONE);
        }
    }

    /** False when the peer only asked. */
    private boolean begin(Connection connection) {
        try {
            Call call = receive(connection);
            if (call != null) {
                single.begin(call);
            }
            return call != null;
        } catch (OutOfMemoryError full) {
            single.refuse(full);
            return true;
        }
    }

    /** Null when the peer only asked, or broke the protocol. */
    private Call receive(Connection connection) {
        single.load();
        try {
            connection.send(Frames.ready(settings.runtime));
            ByteBuffer frame = connection.receive();
            return frame == null ? null : Call.parse(frame);
        } catch (IOException broken) {
            return null; // this ends the connection, not the agent
        }
    }

    private boolean finish(Connection connection) {
        boolean isAnswered = single.sendTo(connection.out());
        if (isAnswered) {
            settle(connection);
        }
        return isAnswered;
    }

    private static void settle(Connection connection) {
        try {
            connection.settle();
        } catch (IOException gone) {
            return; // nobody is left to lose anything
        }
    }
}
