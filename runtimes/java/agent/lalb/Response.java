package lalb;

/** A handler's answer: a status code and a body. */
public class Response {
    public int statusCode;
    public String body;

    public Response(int statusCode, String body) {
        this.statusCode = statusCode;
        this.body = body;
    }

    public int getStatusCode() {
        return statusCode;
    }

    public String getBody() {
        return body;
    }
}
