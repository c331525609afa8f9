package main;

/** Public fields and getters become the keys of the answer's JSON. */
public class Point {
    public final double x;
    public final double y;
    public final String label;

    Point(double x, double y, String label) {
        this.x = x;
        this.y = y;
        this.label = label;
    }

    public double getDistance() {
        return Math.hypot(x, y);
    }
}
