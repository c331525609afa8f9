package workerfront.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;

/** One connection to a long-lived agent, from accept to its end. Its own thread reads what the peer has to say. */
final class Session implements Runnable {
    private final Connection connection;
    private final ByteBuffer ready;
    private final Places places;
    private final Lifetime lifetime;
    private int stage = Lifetime.NONE;
    private Place place;
    private ByteBuffer call;
    private boolean isReady; // and the peer knows
    private boolean isCalled;
    private boolean isCancelled;

    Session(Connection connection, ByteBuffer ready, Places places, Lifetime lifetime) {
        this.connection = connection;
        this.ready = ready;
        this.places = places;
        this.lifetime = lifetime;
    }

    /** Asks for a place, tells the peer of it when there is one, and reads on in a thread of these. */
    void begin(Executor threads) {
        move(Lifetime.WAITING);
        places.ask(this);
        try {
            threads.execute(this);
        } catch (OutOfMemoryError full) { // calls have used up every thread that there may be
            leave();
        }
    }

    /** By whoever has a place. False when the session is over already. */
    synchronized boolean assign(Place given) {
        if (stage != Lifetime.WAITING) {
            return false;
        }
        place = given;
        move(Lifetime.READY);
        try {
            tellReady();
        } catch (IOException gone) {
            return true; // whoever reads will notice as well
        }
        if (call != null) {
            call();
        }
        return true;
    }

    @Override
    public void run() {
        try {
            boolean isMore = true;
            while (isMore) {
                isMore = take(connection.receive()); // and holds none while it waits for the next: they may be large
            }
        } catch (IOException | OutOfMemoryError broken) {
            // the end of this session, as if the peer had closed
        } finally {
            leave();
        }
    }

    Connection connection() {
        return connection;
    }

    /** The call is over: sends this last frame, unless it is null, and closes. Nothing when it has been cancelled. */
    void end(ByteBuffer last) {
        synchronized (this) {
            if (stage != Lifetime.CALLING || isCancelled) {
                return;
            }
            stage = Lifetime.NONE;
        }
        try {
            if (last != null) {
                connection.relay(last);
            }
        } catch (IOException gone) {
            // nobody is left to tell
        }
        close();
        lifetime.moved(Lifetime.CALLING, Lifetime.NONE);
    }

    /** A cancelled call has nothing left that runs. */
    void ended() {
        synchronized (this) {
            if (!isCancelled || stage != Lifetime.CALLING) {
                return;
            }
            move(Lifetime.NONE);
        }
        close();
    }

    private void tellReady() throws IOException {
        if (!isReady) {
            isReady = true;
            connection.send(ready);
        }
    }

    /** False when the peer has nothing more to say. */
    private boolean take(ByteBuffer frame) {
        if (frame == null) {
            return false;
        }
        FrameHead head = FrameHead.of(frame);
        if (head.type.equals("lifetime")) {
            lifetime.set(head.lifetime);
        }
        return head.type.equals("call") && take(frame, head.lifetime);
    }

    private synchronized boolean take(ByteBuffer frame, Double seconds) {
        if (isCalled) {
            return false; // one connection is one call
        }
        isCalled = true;
        call = frame;
        lifetime.set(seconds);
        if (place != null) {
            call();
        }
        return true;
    }

    private void call() {
        ByteBuffer frame = call;
        call = null; // it may be large
        move(Lifetime.CALLING);
        if (!place.call(this, frame)) { // there will be another, and the peer need not know
            place = null;
            call = frame;
            move(Lifetime.WAITING);
            places.ask(this);
        }
    }

    private void leave() {
        int last;
        synchronized (this) {
            last = stage;
            if (last == Lifetime.CALLING) {
                isCancelled = true;
            } else if (last != Lifetime.NONE) {
                move(Lifetime.NONE);
            }
        }
        if (last == Lifetime.CALLING) {
            place.cancel(this);
            return;
        }
        close();
        if (last == Lifetime.READY) {
            places.offer(place);
        } else {
            places.forget(this);
        }
    }

    private void move(int to) {
        lifetime.moved(stage, to);
        stage = to;
    }

    private void close() {
        try {
            connection.close();
        } catch (IOException gone) {
            return;
        }
    }
}
