package main;

/** A handler without arguments. */
public class NoArguments {
    public static Object lambda_handler() {
        return "no arguments";
    }
}
