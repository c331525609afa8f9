"""The forms of the admin: what a person may enter about a function, and an event."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from functions import strict_json
from functions.build import package
from functions.errors import WorkerFrontError
from functions.models import Function
from functions.sources import variables
from functions.sources.manifest import MEMORY_MIN
from runtimes import registry

if TYPE_CHECKING:
    from collections.abc import Iterator


def _runtimes() -> Iterator[tuple[str, str]]:
    yield "", "as config.json says"
    yield from ((name, name) for name in registry.names())


class FunctionForm(forms.ModelForm[Function]):
    """A function; its package is looked through before it is saved."""

    runtime = forms.ChoiceField(choices=_runtimes, required=False)

    class Meta:
        model = Function
        fields = (
            "name",
            "enabled",
            "package",
            "runtime",
            "handler",
            "timeout",
            "memory",
            "environment",
            "isolation",
            "network",
        )

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        upload, name = fields.get("package"), fields.get("name") or self.instance.name
        if isinstance(upload, UploadedFile) and name:
            self._look_through(upload, name, fields.get("runtime", ""))
        return fields

    def clean_memory(self) -> int | None:
        memory: int | None = self.cleaned_data["memory"]
        if memory is not None and memory < MEMORY_MIN:
            raise forms.ValidationError(f"At least {MEMORY_MIN}: this counts bytes.")
        return memory

    def clean_environment(self) -> dict[str, str]:
        environment = self.cleaned_data["environment"] or {}
        if not isinstance(environment, dict):
            raise forms.ValidationError('An object of strings, such as {"KEY": "value"}.')
        reasons = {name: variables.objection(name, text) for name, text in environment.items()}
        if refused := [f"{name} {reason}." for name, reason in reasons.items() if reason]:
            raise forms.ValidationError(refused)
        if variables.is_too_large(environment):
            raise forms.ValidationError(f"At most {variables.LIMIT} bytes in all.")
        return environment

    def _look_through(self, upload: UploadedFile[bytes], name: str, runtime: str) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / "package.zip"
            with copy.open("wb") as file:
                file.writelines(upload.chunks())
            try:
                package.examine(copy, name, runtime)
            except WorkerFrontError as error:
                self.add_error("package", error.message)


class EventForm(forms.Form):
    """An event for one run."""

    event = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8, "cols": 80}), initial="{}", help_text="Any JSON value."
    )

    def clean_event(self) -> Any:
        try:
            return strict_json.loads(self.cleaned_data["event"])
        except ValueError as error:
            raise forms.ValidationError(f"This is not usable JSON: {error}.") from error
