package workerfront.agent;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A unix socket to which everybody may connect. Needs Java 16. */
final class UnixListener extends Listener {
    private final ServerSocketChannel server;

    /** The socket gets its name when it may already be used, so no peer is turned away. */
    UnixListener(String path) throws IOException {
        File hidden = new File(path + "~");
        SocketAddress address = addressOf(hidden.getPath());
        server = open().bind(address);
        boolean isOpen = hidden.setReadable(true, false) && hidden.setWritable(true, false)
            && hidden.setExecutable(true, false) && hidden.renameTo(new File(path));
        if (!isOpen) {
            throw new IOException("cannot give the socket its mode and name: " + path);
        }
    }

    @Override
    Connection acceptOne() throws IOException {
        return new UnixConnection(server.accept());
    }

    @Override
    void closeSocket() throws IOException {
        server.close();
    }

    // By reflection, here and below: this compiles on Java 8, which has no unix sockets.
    static SocketAddress addressOf(String path) throws IOException {
        try {
            Class<?> type = Class.forName("java.net.UnixDomainSocketAddress");
            return (SocketAddress) type.getMethod("of", String.class).invoke(null, path);
        } catch (ReflectiveOperationException error) {
            throw new IOException("unix sockets need Java 16 (else use tcp:<port>) and a short path: " + path, error);
        }
    }

    private static ServerSocketChannel open() throws IOException {
        try {
            Method open = ServerSocketChannel.class.getMethod("open", ProtocolFamily.class);
            return (ServerSocketChannel) open.invoke(null, StandardProtocolFamily.valueOf("UNIX"));
        } catch (ReflectiveOperationException error) {
            throw new IOException("cannot open a unix socket", error);
        }
    }

    private static final class UnixConnection extends Connection {
        private final SocketChannel channel;

        UnixConnection(SocketChannel channel) {
            super(new ChannelInput(channel), new ChannelOutput(channel));
            this.channel = channel;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** Java's own streams of a channel let nobody write while somebody waits to read. */
    private static final class ChannelInput extends InputStream {
        private final SocketChannel channel;

        ChannelInput(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return channel.read(ByteBuffer.wrap(target, offset, length));
        }
    }

    private static final class ChannelOutput extends OutputStream {
        private final SocketChannel channel;

        ChannelOutput(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        }
    }
}
