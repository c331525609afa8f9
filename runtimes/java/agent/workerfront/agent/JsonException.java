package workerfront.agent;

import java.io.IOException;

/** A frame that is no JSON: a protocol error, so it ends the connection as an IOException does. */
final class JsonException extends IOException {
    private static final long serialVersionUID = 1L;

    JsonException(String message, int position) {
        super(message + " at character " + position);
    }
}
