package workerfront.agent;

import java.util.ArrayDeque;
import java.util.Deque;

/** The places for calls that nobody has, and the sessions that wait for one. */
class Places {
    final Deque<Place> idle = new ArrayDeque<>();
    final Deque<Session> waiting = new ArrayDeque<>();

    /** Gives the session a place: now, or when there is one. */
    void ask(Session session) {
        Place place;
        synchronized (this) {
            place = idle.pollFirst();
            if (place == null) {
                waiting.addLast(session);
            }
            notifyAll();
        }
        if (place != null) {
            give(place, session);
        }
    }

    /** The place is free, for the first time or again. */
    void offer(Place place) {
        Session next;
        synchronized (this) {
            next = waiting.pollFirst();
            if (next == null) {
                idle.addFirst(place);
            }
            notifyAll();
        }
        if (next != null) {
            give(place, next);
        }
    }

    /** The session no longer waits. */
    synchronized void forget(Session session) {
        waiting.remove(session);
        notifyAll();
    }

    private void give(Place place, Session session) {
        if (!session.assign(place)) {
            offer(place);
        }
    }
}
