package main;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Paths;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TimeZone;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Values of all kinds: those that are JSON, and those that are not. */
public class Results {
    public static Object response() {
        return new lalb.Response(201, "made");
    }

    public static Object pear() {
        return new Pear();
    }

    public static Object pears() {
        Pear one = new Pear();
        return Arrays.asList(one, one);
    }

    public static Object point() {
        return new Point(1, null);
    }

    public static Object anonymous() {
        return new Object() {
            public final int answer = 42;
        };
    }

    public static Object plain() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("int", 1);
        values.put("long", Long.MIN_VALUE);
        values.put("float", 0.1f);
        values.put("double", 1e300);
        values.put("big", new BigInteger("123456789012345678901234567890"));
        values.put("decimal", new BigDecimal("1.50"));
        values.put("atomic", new AtomicInteger(5));
        values.put("char", 'ü');
        values.put("builder", new StringBuilder("built"));
        values.put("array", new int[] {1, 2});
        values.put("objects", new Object[] {"a", null, true});
        values.put("enum", TimeUnit.SECONDS);
        values.put("set", Collections.singleton("only"));
        return values;
    }

    public static Object known() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("instant", Instant.EPOCH);
        values.put("day", LocalDate.of(2024, 2, 29));
        values.put("uuid", new UUID(0, 1));
        values.put("uri", URI.create("https://example.org/"));
        values.put("path", Paths.get("/tmp/x"));
        values.put("some", Optional.of("there"));
        values.put("none", Optional.empty());
        values.put("number", OptionalInt.of(3));
        return values;
    }

    public static Object keys() {
        Map<Object, Object> values = new LinkedHashMap<>();
        values.put(1, "number");
        values.put(true, "boolean");
        values.put(TimeUnit.DAYS, "enum");
        return values;
    }

    public static Object text(Map<String, Object> event) {
        return event.get("number").toString();
    }

    public static Object large(Map<String, Object> event) {
        char[] text = new char[((Number) event.get("length")).intValue()];
        Arrays.fill(text, event.get("letter").toString().charAt(0));
        return new String(text);
    }

    public static Object nan() {
        return Collections.singletonMap("prices", Arrays.asList(1.5, Double.NaN));
    }

    public static Object infinity() {
        return Float.NEGATIVE_INFINITY;
    }

    public static Object bytes() {
        return new byte[1];
    }

    public static Object surrogate() {
        return "half a pair: \ud83c";
    }

    public static Object surrogateKey() {
        return Collections.singletonMap("\udf50", 1);
    }

    public static Object nullKey() {
        return Collections.singletonMap(null, 1);
    }

    public static Object objectKey() {
        return Collections.singletonMap(new Pear(), 1);
    }

    public static Object cycle() {
        List<Object> ring = new ArrayList<>();
        ring.add(Collections.singletonMap("ring", ring));
        return ring;
    }

    public static Object deep() {
        Object inner = "bottom";
        for (int i = 0; i < 100_000; i++) {
            inner = Collections.singletonList(inner);
        }
        return inner;
    }

    public static Object empty() {
        return new Results();
    }

    public static Object object() {
        return new Object();
    }

    public static Object thread() {
        return new Thread();
    }

    public static Object zone() {
        return TimeZone.getDefault();
    }

    public static Object badGetter() {
        return new Object() {
            public int getPrice() {
                throw new IllegalStateException("no price yet");
            }
        };
    }
}
