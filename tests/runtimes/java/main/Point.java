package main;

/** A record: its components, and a getter of its own. */
public record Point(int x, String label) {
    public int getTwice() {
        return 2 * x;
    }
}
