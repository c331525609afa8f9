"""What parameters may be. The configuration's rules are its model's; here is how a value is written."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

from functions.models import Configuration

NUMBER = re.compile(r"-?[0-9]{1,19}")  # as many digits as 64 bits may have
SWITCH = {"true": True, "1": True, "false": False, "0": False}


class WholeNumber(serializers.IntegerField):
    """An integer, or one in plain digits: no 6.0, 1e3, +1 or 1_000."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and NUMBER.fullmatch(data):
            return int(data)
        if type(data) is int:  # a bool is none
            return data
        raise serializers.ValidationError("A whole number is wanted.")


class Switch(serializers.BooleanField):
    """true, false, 1 or 0, whatever the case; anything else is refused."""

    def to_internal_value(self, data: Any) -> bool:
        word = str(data).lower() if isinstance(data, str | int) else ""
        if word not in SWITCH:
            raise serializers.ValidationError("true, false, 1 or 0 is wanted.")
        return SWITCH[word]


class ConfigurationOptions(serializers.ModelSerializer[Configuration]):
    """A change of the configuration: any of these values."""

    serializer_field_mapping: ClassVar[
        dict[type[models.Field[Any, Any]], type[serializers.Field[Any, Any, Any, Any]]]
    ] = {
        models.BigIntegerField: WholeNumber,
        models.IntegerField: WholeNumber,
        models.BooleanField: Switch,
    }

    class Meta:
        model = Configuration
        fields = (
            "user_code_size_limit",
            "container_pool_limit",
            "container_pool_num",
            "using_rest_mode",
            "rest_container_life_time",
        )
        extra_kwargs = {name: {"required": False} for name in fields}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What the model says of the change as a whole."""
        if self.instance:
            try:
                self.instance.refuse_large_pool(attrs)
            except ValidationError as error:
                raise serializers.ValidationError(error.messages) from error
        return attrs


class ClearOptions(serializers.Serializer[object]):
    """What `/clear` removes besides containers."""

    reset_images = Switch(default=False, help_text="Images too; those in use after their calls.")
