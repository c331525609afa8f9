package workerfront.agent;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;

/** A port on all addresses. Plain sockets: channels need many more classes, and so time to start. */
final class TcpListener extends Listener {
    private static final int PEER_LIMIT_MS = 2000;

    private final ServerSocket server;

    TcpListener(int port) throws IOException {
        server = new ServerSocket(port);
    }

    @Override
    Connection acceptOne() throws IOException {
        return new TcpConnection(server.accept());
    }

    @Override
    void closeSocket() throws IOException {
        server.close();
    }

    private static final class TcpConnection extends Connection {
        private final Socket socket;

        TcpConnection(Socket socket) throws IOException {
            super(socket.getInputStream(), socket.getOutputStream());
            this.socket = socket;
            socket.setTcpNoDelay(true); // else a log frame holds the result back
        }

        /** Waits for the peer to close: the container's network goes with the process, and what is still in it. */
        @Override
        void settle() throws IOException {
            socket.shutdownOutput();
            socket.setSoTimeout(PEER_LIMIT_MS);
            socket.getInputStream().read();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
