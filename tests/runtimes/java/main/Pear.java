package main;

/** Public fields and getters, and what is neither. */
public class Pear {
    public static final String KIND = "fruit";
    public final String name = "Conference";
    public transient String note = "not shown";
    private final int grams = 150;
    private String hidden = "hidden";

    public String getName() {
        return "the field counts";
    }

    public int getGrams() {
        return grams;
    }

    public boolean isRipe() {
        return true;
    }

    public String getURL() {
        return "https://example.org/pear";
    }

    public static String getOrigin() {
        return KIND;
    }

    public String get() {
        return hidden;
    }

    public int getPrice(String currency) {
        return currency.length();
    }

    public String gettysburg() {
        return hidden;
    }

    public boolean island() {
        return false;
    }
}
