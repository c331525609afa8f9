package main;

/** Its constructor raises. */
public class Unmakeable {
    public Unmakeable() {
        throw new IllegalArgumentException("not today");
    }

    public Object handler() {
        return "never";
    }
}
