package workerfront.agent;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import lalb.Context;

/** Finds the user's method. Its class is initialised here, so the first call need not wait for that. */
final class HandlerLoader {
    // The one that tells the handler most comes first.
    private static final Class<?>[][] SIGNATURES = {{Map.class, Context.class}, {Map.class}, {}};

    private final String className;
    private final String methodName;

    private HandlerLoader(String className, String methodName) {
        this.className = className;
        this.methodName = methodName;
    }

    /** The handler of the notation package.Class.method. */
    static Handler load(String notation) throws LoadException {
        int dot = notation.lastIndexOf('.');
        if (dot <= 0) {
            throw mistake("the handler " + notation + " is not of the form package.Class.method", null);
        }
        return new HandlerLoader(notation.substring(0, dot), notation.substring(dot + 1)).load();
    }

    private Handler load() throws LoadException {
        try {
            return handlerOf(handlerClass());
        } catch (LoadException mistake) {
            throw mistake;
        } catch (NoClassDefFoundError missing) {
            throw mistake(className + " needs a class that is missing or has another name: " + missing.getMessage()
                + ". Jars belong into lib/.", missing);
        } catch (ExceptionInInitializerError | InvocationTargetException wrapper) {
            throw raised(wrapper.getCause() == null ? wrapper : wrapper.getCause());
        } catch (Throwable error) { // the class's own code runs here
            throw raised(error);
        }
    }

    private Class<?> handlerClass() throws LoadException {
        try {
            return Class.forName(className, true, Thread.currentThread().getContextClassLoader());
        } catch (ClassNotFoundException missing) {
            throw mistake("there is no class " + className + " in the .java files (do they begin with their package?), "
                + "in the class files, or in lib/*.jar", missing);
        }
    }

    private Handler handlerOf(Class<?> type) throws LoadException, ReflectiveOperationException {
        for (Class<?>[] signature : SIGNATURES) {
            Method method = find(type, signature);
            if (method != null) {
                method.setAccessible(true);
                return new Handler(method, Modifier.isStatic(method.getModifiers()) ? null : instance(type));
            }
        }
        throw mistake(className + " has no method " + methodName + " that takes (), (java.util.Map) or (java.util.Map, "
            + "lalb.Context)" + others(type), null);
    }

    /** Not by getDeclaredMethod: to say that there is none, Java itself loads a hundred classes. */
    private Method find(Class<?> type, Class<?>[] signature) {
        for (Class<?> owner = type; owner != null; owner = owner.getSuperclass()) {
            for (Method method : owner.getDeclaredMethods()) {
                boolean isNamed = method.getName().equals(methodName) && !method.isBridge();
                if (isNamed && Arrays.equals(method.getParameterTypes(), signature)) {
                    return method;
                }
            }
        }
        return null;
    }

    private static Object instance(Class<?> type) throws ReflectiveOperationException {
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }

    private String others(Class<?> type) {
        StringBuilder found = new StringBuilder();
        for (Method method : type.getDeclaredMethods()) {
            if (method.getName().equals(methodName)) {
                found.append("; it has ").append(method);
            }
        }
        return found.toString();
    }

    private static LoadException raised(Throwable error) {
        return new LoadException(Failure.of(Failure.INIT, error), error);
    }

    private static LoadException mistake(String message, Throwable cause) {
        String type = cause == null ? "HandlerNotFound" : cause.getClass().getName();
        return new LoadException(new Failure(Failure.INIT, type, message, Collections.<String>emptyList()), cause);
    }
}
