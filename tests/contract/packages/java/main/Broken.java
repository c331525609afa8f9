package main;

/** Cannot be initialised. */
public class Broken {
    private static final Object MISSING = missing();

    private static Object missing() {
        throw new IllegalArgumentException("no_such_module_anywhere");
    }

    public static Object lambda_handler() {
        return MISSING;
    }
}
