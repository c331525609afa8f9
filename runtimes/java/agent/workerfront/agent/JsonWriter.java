package workerfront.agent;

import java.lang.reflect.Array;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * A handler's value as JSON: maps, collections, arrays, text, numbers, booleans, enums and null as one expects, some
 * well-known classes as text, other objects by their public fields and getters. What is none of these, or holds itself,
 * is an UnwritableException.
 */
final class JsonWriter {
    private final JsonBytes out;
    private final Map<Class<?>, Property[]> properties = new HashMap<>();
    private final Object[] open = new Object[JsonReader.MAX_DEPTH]; // from the outermost to what is being written
    private int depth;

    private JsonWriter(JsonBytes out) {
        this.out = out;
    }

    static JsonBytes write(Object value, int limit) {
        JsonBytes out = new JsonBytes(limit);
        new JsonWriter(out).value(value);
        return out;
    }

    private void value(Object value) {
        if (value == null || value instanceof Boolean) {
            out.plain(String.valueOf(value));
        } else if (value instanceof CharSequence || value instanceof Character) {
            out.string(value.toString());
        } else if (value instanceof Number) {
            number(value.toString());
        } else if (value instanceof Enum) {
            out.string(((Enum<?>) value).name());
        } else {
            nested(value);
        }
    }

    private void number(String text) {
        if (!JsonReader.isNumber(text)) {
            throw UnwritableException.notJson(text + " is no JSON number");
        }
        out.plain(text);
    }

    private void nested(Object value) {
        enter(value);
        if (value instanceof Map) {
            map((Map<?, ?>) value);
        } else if (value instanceof Collection) {
            collection((Collection<?>) value);
        } else if (value.getClass().isArray()) {
            array(value);
        } else if (KnownClass.isKnown(value)) {
            value(KnownClass.simplify(value));
        } else {
            object(value);
        }
        depth--;
    }

    private void enter(Object value) {
        for (int i = 0; i < depth; i++) {
            if (open[i] == value) {
                throw UnwritableException.notJson("an object of " + value.getClass().getName() + " that holds itself");
            }
        }
        if (depth == open.length) {
            throw UnwritableException.notJson("more than " + open.length + " levels");
        }
        open[depth++] = value;
    }

    private void map(Map<?, ?> map) {
        String before = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            member(before, name(entry.getKey()), entry.getValue());
            before = ",";
        }
        out.plain(map.isEmpty() ? "{}" : "}");
    }

    private static String name(Object key) {
        if (key instanceof Enum) {
            return ((Enum<?>) key).name();
        }
        boolean isSimple = key instanceof CharSequence || key instanceof Character
            || key instanceof Number || key instanceof Boolean;
        if (isSimple) {
            return key.toString();
        }
        String what = key == null ? "null" : "of " + key.getClass().getName();
        throw UnwritableException.notJson("a key that is " + what);
    }

    private void member(String before, String name, Object value) {
        try {
            out.plain(before).string(name).plain(":");
            value(value);
        } catch (UnwritableException error) {
            throw error.within("." + name);
        }
    }

    private void collection(Collection<?> collection) {
        int index = 0;
        out.plain("[");
        for (Object element : collection) {
            element(index++, element);
        }
        out.plain("]");
    }

    private void array(Object array) {
        if (array instanceof byte[]) {
            throw UnwritableException.notJson("byte[]; make it a String, for example with Base64");
        }
        out.plain("[");
        for (int i = 0; i < Array.getLength(array); i++) {
            element(i, Array.get(array, i));
        }
        out.plain("]");
    }

    private void element(int index, Object value) {
        try {
            out.plain(index == 0 ? "" : ",");
            value(value);
        } catch (UnwritableException error) {
            throw error.within("[" + index + "]");
        }
    }

    private void object(Object object) {
        String before = "{";
        for (Property property : propertiesOf(object.getClass())) {
            member(before, property.name, read(property, object));
            before = ",";
        }
        out.plain("}");
    }

    private static Object read(Property property, Object object) {
        try {
            return property.of(object);
        } catch (UnwritableException error) {
            throw error.within("." + property.name);
        }
    }

    private Property[] propertiesOf(Class<?> type) {
        Property[] found = properties.get(type);
        if (found == null) {
            found = Property.allOf(type);
            properties.put(type, found);
        }
        if (found.length == 0) {
            throw UnwritableException.notJson(type.getName() + " has neither public fields nor getters");
        }
        return found;
    }
}
