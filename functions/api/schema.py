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


class State(serializers.Serializer[object]):
    """The configuration as it holds now."""

    UserCodeSizeLimit = serializers.IntegerField(help_text="Bytes; -1: no limit.")
    ContainerPoolLimit = serializers.IntegerField(help_text="Functions; -1: no pool.")
    ContainerPoolNum = serializers.IntegerField(help_text="Containers of each.")
    UsingRestMode = serializers.BooleanField()
    RestContainerLifeTime = serializers.IntegerField(help_text="Seconds.")


class Configured(serializers.Serializer[object]):
    """What a change came to."""

    Message = serializers.ChoiceField(choices=["configure changed", "nothing changed"])
    State = State()


class Cleared(serializers.Serializer[object]):
    """What was removed."""

    Message = serializers.CharField()
    Containers = serializers.IntegerField(help_text="Gone, or ending with the calls that they serve.")
    Images = serializers.IntegerField(help_text="Gone.")
    ImagesInUse = serializers.IntegerField(help_text="To go after the calls that use them.")


class PreparedFunction(serializers.Serializer[object]):
    """An image, or why there is none."""

    Prepared = serializers.BooleanField()
    ImageBuilt = serializers.BooleanField(required=False, help_text="False: it was there already.")
    Version = serializers.CharField(required=False)
    Code = serializers.CharField(required=False)
    Message = serializers.CharField(required=False)


class Preparation(serializers.Serializer[object]):
    """What became of each function that the storage lists."""

    Message = serializers.CharField()
    Functions = serializers.DictField(child=PreparedFunction())


FAILURES: dict[int | str, type[serializers.Serializer[object]]] = {"4XX": Failure, "5XX": Failure}
EXECUTE = {200: Success, **FAILURES}
CONFIGURE = {200: Configured, **FAILURES}
CLEAR = {200: Cleared, **FAILURES}
PREPARE = {200: Preparation, **FAILURES}
