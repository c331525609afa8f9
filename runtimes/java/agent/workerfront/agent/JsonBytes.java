package workerfront.agent;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A growing buffer of JSON text as UTF-8. Going over its limit is an UnwritableException. */
final class JsonBytes {
    private static final String HEX = "0123456789abcdef";
    private static final int FIRST_SIZE = 512;

    private final int limit;
    private byte[] bytes;
    private int size;

    JsonBytes(int limit) {
        this.limit = limit;
        this.bytes = new byte[Math.min(limit, FIRST_SIZE)];
    }

    /** Adds text that is ASCII and needs no quotes: punctuation, numbers, words. */
    JsonBytes plain(String text) {
        for (int i = 0; i < text.length(); i++) {
            put(text.charAt(i));
        }
        return this;
    }

    /** Adds a JSON string. */
    JsonBytes string(CharSequence text) {
        put('"');
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (unit < 0x80) {
                ascii(unit);
            } else if (Character.isSurrogate(unit)) {
                pair(text, i++);
            } else {
                wide(unit);
            }
        }
        put('"');
        return this;
    }

    JsonBytes append(JsonBytes other) {
        while (bytes.length - size < other.size) {
            grow();
        }
        System.arraycopy(other.bytes, 0, bytes, size, other.size);
        size += other.size;
        return this;
    }

    ByteBuffer toBuffer() {
        return ByteBuffer.wrap(bytes, 0, size);
    }

    private void ascii(char unit) {
        if (unit == '"' || unit == '\\') {
            put('\\');
            put(unit);
        } else if (unit >= ' ') {
            put(unit);
        } else if (unit == '\n') {
            plain("\\n");
        } else {
            plain("\\u00");
            put(HEX.charAt(unit >> 4));
            put(HEX.charAt(unit & 15));
        }
    }

    private void wide(char unit) {
        if (unit < 0x800) {
            put(0xC0 | unit >> 6);
        } else {
            put(0xE0 | unit >> 12);
            put(0x80 | unit >> 6 & 0x3F);
        }
        put(0x80 | unit & 0x3F);
    }

    private void pair(CharSequence text, int index) {
        int point = Character.codePointAt(text, index);
        if (!Character.isSupplementaryCodePoint(point)) {
            String hex = Integer.toHexString(point);
            throw UnwritableException.notJson("half a surrogate pair (U+" + hex + ") in a string");
        }
        put(0xF0 | point >> 18);
        put(0x80 | point >> 12 & 0x3F);
        put(0x80 | point >> 6 & 0x3F);
        put(0x80 | point & 0x3F);
    }

    private void put(int value) {
        if (size == bytes.length) {
            grow();
        }
        bytes[size++] = (byte) value;
    }

    private void grow() {
        if (bytes.length >= limit) {
            throw UnwritableException.tooLarge(limit);
        }
        bytes = Arrays.copyOf(bytes, (int) Math.min(limit, Math.max(FIRST_SIZE, bytes.length * 2L)));
    }
}
