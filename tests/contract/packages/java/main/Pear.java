package main;

/** A result with a public field and a getter. */
public class Pear {
    public final String name;
    private final int grams;

    Pear(String name, int grams) {
        this.name = name;
        this.grams = grams;
    }

    public int getGrams() {
        return grams;
    }
}
