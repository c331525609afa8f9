"""The smallest Python function: reads its event and answers with a status and a body."""


def lambda_handler(event, context):
    return {"statusCode": 200, "body": "Hello " + event.get("who", "World") + ", from Python"}
