package workerfront.agent;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import lalb.Context;

/** The user's method, ready to be called. */
final class Handler {
    private final Method method;
    private final Object target; // null for a static method

    Handler(Method method, Object target) {
        this.method = method;
        this.target = target;
    }

    /** Calls it with as many of the arguments as it takes. Throws what it throws. */
    Object call(Map<String, Object> event, Context context) throws Throwable {
        try {
            switch (method.getParameterCount()) {
                case 0:
                    return method.invoke(target);
                case 1:
                    return method.invoke(target, event);
                default:
                    return method.invoke(target, event, context);
            }
        } catch (InvocationTargetException raised) {
            throw raised.getCause();
        }
    }
}
