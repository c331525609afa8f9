package main;

/** Ends the process while it is initialised. */
public class Leaving {
    static {
        System.out.println("some first and last words");
        System.exit(5);
    }

    public static Object handler() {
        return "never";
    }
}
