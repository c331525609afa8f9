package main;

/** Cannot be initialised. */
public class Unloadable {
    private static final Object MISSING = missing();

    private static Object missing() {
        System.out.println("looking");
        throw new IllegalArgumentException("nothing there");
    }

    public static Object handler() {
        return MISSING;
    }
}
