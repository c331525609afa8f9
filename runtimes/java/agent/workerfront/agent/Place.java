package workerfront.agent;

import java.nio.ByteBuffer;

/** Where one call can run. */
interface Place {
    /** Begins the call of this frame. What comes of it is told to the session. False: the place is gone, nothing has run. */
    boolean call(Session session, ByteBuffer frame);

    /** The peer wants no answer any more. */
    void cancel(Session session);
}
