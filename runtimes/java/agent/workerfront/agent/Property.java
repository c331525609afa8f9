package workerfront.agent;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** A value that an object shows: a public field, a getter, or a record's component. */
final class Property {
    final String name;
    private final Member member;

    private Property(String name, Member member) {
        this.name = name;
        this.member = member;
        // A public member of a class that is not public cannot be read otherwise.
        ((AccessibleObject) member).setAccessible(true);
    }

    /** Fields as declared, then getters by name: the machine lists methods in no order at all. */
    static Property[] allOf(Class<?> type) {
        Map<String, Member> members = isRecord(type) ? components(type) : fields(type);
        for (Map.Entry<String, Member> getter : getters(type).entrySet()) {
            if (!members.containsKey(getter.getKey())) {
                members.put(getter.getKey(), getter.getValue());
            }
        }
        Property[] all = new Property[members.size()];
        int i = 0;
        for (Map.Entry<String, Member> entry : members.entrySet()) {
            all[i++] = new Property(entry.getKey(), entry.getValue());
        }
        return all;
    }

    Object of(Object object) {
        try {
            return member instanceof Field ? ((Field) member).get(object) : ((Method) member).invoke(object);
        } catch (InvocationTargetException raised) {
            throw UnwritableException.raised(describe() + " raised", raised.getCause());
        } catch (IllegalAccessException error) {
            throw UnwritableException.notJson(describe() + " cannot be read");
        }
    }

    private String describe() {
        return member.getDeclaringClass().getName() + "." + member.getName();
    }

    // Java 8 has no records, so they are told by the name of their parent.
    private static boolean isRecord(Class<?> type) {
        return type.getSuperclass() != null && type.getSuperclass().getName().equals("java.lang.Record");
    }

    private static Map<String, Member> components(Class<?> type) {
        Map<String, Member> members = new LinkedHashMap<>();
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                members.put(field.getName(), accessor(type, field));
            }
        }
        return members;
    }

    private static Member accessor(Class<?> type, Field component) {
        try {
            return type.getMethod(component.getName());
        } catch (NoSuchMethodException error) {
            throw new AssertionError("a record without an accessor: " + type.getName(), error);
        }
    }

    private static Map<String, Member> fields(Class<?> type) {
        Map<String, Member> members = new LinkedHashMap<>();
        for (Field field : type.getFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isTransient(field.getModifiers())) {
                members.put(field.getName(), field);
            }
        }
        return members;
    }

    private static Map<String, Member> getters(Class<?> type) {
        Map<String, Member> members = new TreeMap<>();
        for (Method method : type.getMethods()) {
            String name = isReader(method) ? nameOf(method) : "";
            if (!name.isEmpty()) {
                members.put(name, method);
            }
        }
        return members;
    }

    private static boolean isReader(Method method) {
        return method.getParameterCount() == 0
            && method.getReturnType() != void.class
            && method.getDeclaringClass() != Object.class
            && !Modifier.isStatic(method.getModifiers());
    }

    /** The name that a getter stands for; empty when the method is no getter. */
    private static String nameOf(Method method) {
        String name = method.getName();
        if (name.startsWith("get")) {
            return decapitalized(name.substring(3));
        }
        Class<?> type = method.getReturnType();
        boolean isQuestion = name.startsWith("is") && (type == boolean.class || type == Boolean.class);
        return isQuestion ? decapitalized(name.substring(2)) : "";
    }

    /** As beans have it: Name becomes name, and URL stays. Empty for "gets" or "island". */
    private static String decapitalized(String name) {
        if (name.isEmpty() || Character.isLowerCase(name.charAt(0))) {
            return "";
        }
        boolean isAcronym = name.length() > 1 && Character.isUpperCase(name.charAt(1));
        return isAcronym ? name : Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }
}
