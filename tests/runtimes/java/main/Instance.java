package main;

import java.util.Map;

/** Neither public nor static: made by its constructor, with a handler that it inherits. */
class Instance extends Parent {
    private final String greeting;

    private Instance() {
        greeting = "hello ";
    }

    @Override
    String greeting() {
        return greeting;
    }
}

abstract class Parent {
    abstract String greeting();

    Object greet(Map<String, Object> event) {
        return greeting() + event.get("name");
    }
}
