package workerfront.agent;

import java.io.File;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.Currency;
import java.util.Date;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Java's own classes that are no collections, numbers or text: what a handler's result shows of them.
 *
 * <p>Their getters are not asked: those of a Thread, a Class or a stream lead into the machine.
 */
final class KnownClass {
    private KnownClass() {}

    static boolean isKnown(Object value) {
        String name = value.getClass().getName();
        return name.startsWith("java.") || value.getClass().getClassLoader() == null && !name.startsWith("lalb.");
    }

    /** The text or the content that stands for the value. */
    static Object simplify(Object value) {
        if (value.getClass().getName().startsWith("java.util.Optional")) {
            return unwrap(value);
        }
        if (isText(value)) {
            return value.toString();
        }
        throw UnwritableException.notJson("a value of " + value.getClass().getName());
    }

    private static boolean isText(Object value) {
        return value.getClass().getName().startsWith("java.time.")
            || value instanceof Date
            || value instanceof UUID
            || value instanceof URI
            || value instanceof URL
            || value instanceof File
            || value instanceof Path
            || value instanceof Locale
            || value instanceof Currency;
    }

    private static Object unwrap(Object optional) {
        if (optional instanceof Optional) {
            return ((Optional<?>) optional).orElse(null);
        }
        if (optional instanceof OptionalInt) {
            OptionalInt number = (OptionalInt) optional;
            return number.isPresent() ? number.getAsInt() : null;
        }
        if (optional instanceof OptionalLong) {
            OptionalLong number = (OptionalLong) optional;
            return number.isPresent() ? number.getAsLong() : null;
        }
        OptionalDouble number = (OptionalDouble) optional;
        return number.isPresent() ? number.getAsDouble() : null;
    }
}
