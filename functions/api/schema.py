"""The shapes of the node API's bodies, for the OpenAPI description."""

from __future__ import annotations

from rest_framework import serializers

EVENT: dict[str, object] = {"application/json": {}}  # any JSON value


class Meta(serializers.Serializer[object]):
    """How a call was served."""

    ImageBuilt = serializers.BooleanField()
    UsingPooledContainer = serializers.BooleanField()
    UsingExistingRestContainer = serializers.BooleanField()
    ContainerName = serializers.CharField()
    ImageName = serializers.CharField()
    ExecutionId = serializers.UUIDField()
    StartType = serializers.ChoiceField(choices=["built", "cold", "prewarmed", "warm"])
    Version = serializers.CharField()


class Result(serializers.Serializer[object]):
    """What the function answered."""

    statusCode = serializers.IntegerField()
    body = serializers.CharField()


class Success(serializers.Serializer[object]):
    """The function's result; times in whole milliseconds."""

    Result = Result()
    ExecutionTime = serializers.IntegerField(help_text="Wall time in the worker, from the request's arrival.")
    InternalExecutionTime = serializers.IntegerField(help_text="The handler alone.")
    Meta = Meta()


class FunctionError(serializers.Serializer[object]):
    """What the function itself said."""

    errorType = serializers.CharField()
    errorMessage = serializers.CharField()
    stackTrace = serializers.ListField(child=serializers.CharField())


class Failure(serializers.Serializer[object]):
    """Every error of the node API."""

    Error = serializers.BooleanField()
    Message = serializers.CharField()
    Code = serializers.CharField()
    CallId = serializers.CharField()
    Retryable = serializers.BooleanField()
    FunctionError = FunctionError(required=False)


EXECUTE = {200: Success, "4XX": Failure, "5XX": Failure}
