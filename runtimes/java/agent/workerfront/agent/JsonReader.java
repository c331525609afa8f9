package workerfront.agent;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Strict JSON (RFC 8259) to plain Java values.
 *
 * <p>Whole numbers become Long or BigInteger, others Double, or BigDecimal where a Double would overflow or vanish;
 * objects LinkedHashMap, in which the last of equal names wins; arrays ArrayList.
 */
final class JsonReader {
    /** Deeper text is refused: reading recurses, and the stack of a thread is small. */
    static final int MAX_DEPTH = 512;

    private static final int END = -1;
    private static final int LONG_DIGITS = 18; // as many always fit

    private final String text;
    private int position;
    private int depth;

    private JsonReader(String text) {
        this.text = text;
    }

    static Object read(String text) throws JsonException {
        JsonReader reader = new JsonReader(text);
        reader.skipSpace();
        Object value = reader.value();
        reader.skipSpace();
        if (reader.peek() != END) {
            throw reader.malformed("text after the value");
        }
        return value;
    }

    /** Whether the text is one number and nothing else. */
    static boolean isNumber(String text) {
        JsonReader reader = new JsonReader(text);
        try {
            reader.skipNumber();
            return reader.peek() == END;
        } catch (JsonException error) {
            return false;
        }
    }

    private Object value() throws JsonException {
        switch (peek()) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> object() throws JsonException {
        Map<String, Object> object = new LinkedHashMap<>();
        enter();
        if (!skip('}')) {
            do {
                skipSpace();
                String name = string();
                skipSpace();
                expect(':');
                skipSpace();
                object.put(name, value());
                skipSpace();
            } while (skip(','));
            expect('}');
        }
        depth--;
        return object;
    }

    private List<Object> array() throws JsonException {
        List<Object> array = new ArrayList<>();
        enter();
        if (!skip(']')) {
            do {
                skipSpace();
                array.add(value());
                skipSpace();
            } while (skip(','));
            expect(']');
        }
        depth--;
        return array;
    }

    private void enter() throws JsonException {
        position++;
        if (++depth > MAX_DEPTH) {
            throw malformed("more than " + MAX_DEPTH + " levels");
        }
        skipSpace();
    }

    private String string() throws JsonException {
        expect('"');
        int start = position;
        while (isPlain(peek())) {
            position++;
        }
        String plain = text.substring(start, position);
        return skip('"') ? plain : restOfString(new StringBuilder(plain));
    }

    private String restOfString(StringBuilder read) throws JsonException {
        while (!skip('"')) {
            if (skip('\\')) {
                read.append(escaped());
            } else if (isPlain(peek())) {
                read.append(text.charAt(position++));
            } else {
                throw malformed("a control character or the end inside a string");
            }
        }
        return read.toString();
    }

    private static boolean isPlain(int character) {
        return character >= ' ' && character != '"' && character != '\\';
    }

    private char escaped() throws JsonException {
        int letter = next();
        switch (letter) {
            case '"':
            case '\\':
            case '/':
                return (char) letter;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                return codeUnit();
            default:
                throw malformed("an unknown escape");
        }
    }

    private char codeUnit() throws JsonException {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            int character = next();
            // Character.digit also takes digits of other scripts.
            int digit = character < 128 ? Character.digit(character, 16) : -1;
            if (digit < 0) {
                throw malformed("an escape without four hexadecimal digits");
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }

    private Object word(String word, Object value) throws JsonException {
        if (!text.startsWith(word, position)) {
            throw malformed("an unknown word");
        }
        position += word.length();
        return value;
    }

    private Object number() throws JsonException {
        int start = position;
        boolean isWhole = skipNumber();
        String number = text.substring(start, position);
        return isWhole ? whole(number) : decimal(number);
    }

    /** True when it was a whole number. */
    private boolean skipNumber() throws JsonException {
        skip('-');
        if (!skip('0')) {
            digits();
        }
        int wholeEnd = position;
        if (skip('.')) {
            digits();
        }
        if (skip('e') || skip('E')) {
            if (!skip('+')) {
                skip('-');
            }
            digits();
        }
        return position == wholeEnd;
    }

    private void digits() throws JsonException {
        int start = position;
        while (peek() >= '0' && peek() <= '9') {
            position++;
        }
        if (position == start) {
            throw malformed("a missing value or digit");
        }
    }

    private static Object whole(String number) {
        if (number.length() <= LONG_DIGITS) {
            return Long.valueOf(number);
        }
        BigInteger big = new BigInteger(number);
        return big.bitLength() < Long.SIZE ? (Object) big.longValue() : big;
    }

    private Object decimal(String number) throws JsonException {
        double value = Double.parseDouble(number);
        if (value != 0 && !Double.isInfinite(value)) {
            return value;
        }
        try {
            BigDecimal exact = new BigDecimal(number);
            return exact.signum() == 0 ? (Object) value : exact;
        } catch (NumberFormatException error) {
            throw malformed("an exponent that is too large");
        }
    }

    private void skipSpace() {
        for (int c = peek(); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = peek()) {
            position++;
        }
    }

    private int peek() {
        return position < text.length() ? text.charAt(position) : END;
    }

    private int next() {
        int character = peek();
        position++;
        return character;
    }

    private boolean skip(char wanted) {
        if (peek() != wanted) {
            return false;
        }
        position++;
        return true;
    }

    private void expect(char wanted) throws JsonException {
        if (!skip(wanted)) {
            throw malformed("'" + wanted + "' expected");
        }
    }

    private JsonException malformed(String what) {
        return new JsonException(what, position);
    }
}
