"""Deleting from the admin what the engine holds as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

from functions.errors import WorkerFrontError

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    Base = ModelAdmin[Any]
else:
    Base = object


class Discarding(Base):
    """A ModelAdmin whose `delete_model` asks the engine: never inside of a transaction, and a refusal is a message."""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            # Django's `delete_view` is this one in a transaction, which would hold the database while the engine works.
            return self._delete_view(request, object_id, extra_context)  # type: ignore[attr-defined, no-any-return]
        except WorkerFrontError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect("../change/")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except WorkerFrontError as error:  # of an action; what came before it is done
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        for row in queryset:
            self.delete_model(request, row)
