package workerfront.agent;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One whole call with itself as the peer, from which install.sh learns the classes that a start needs. */
public final class Training extends Thread {
    private final SocketAddress address;

    private Training(SocketAddress address) {
        this.address = address;
    }

    /** The arguments are the agent's own. */
    public static void main(String[] arguments) throws IOException {
        Settings settings = Settings.of(arguments);
        Listener listener = Listener.bind(settings.channel);
        Warmup.start();
        new Training(addressOf(settings.channel)).start();
        serve(settings, listener);
    }

    private static void serve(Settings settings, Listener listener) throws IOException {
        if (settings.mode.equals("process")) {
            new ProcessMode(settings, listener).serve();
        } else if (settings.mode.equals("shared")) {
            new SharedMode(settings, listener).serve();
        } else {
            new ContainerMode(settings, listener).serve();
        }
    }

    @Override
    public void run() {
        try (SocketChannel agent = SocketChannel.open(address)) {
            byte[] call = Warmup.call();
            ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + call.length).putInt(call.length).put(call);
            frame.flip();
            agent.write(frame);
            ByteBuffer answer = ByteBuffer.allocate(1024);
            while (agent.read(answer) >= 0) {
                answer.clear();
            }
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    private static SocketAddress addressOf(String channel) throws IOException {
        int colon = channel.indexOf(':');
        String place = channel.substring(colon + 1);
        return channel.startsWith("tcp:")
            ? new InetSocketAddress("127.0.0.1", Integer.parseInt(place))
            : UnixListener.addressOf(place);
    }
}
