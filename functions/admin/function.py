"""Functions: add by upload or by storage name, configure, build now, run once, delete with their images."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from functions.admin.discarding import Discarding
from functions.admin.forms import EventForm, FunctionForm
from functions.build import images
from functions.build.platform import platform
from functions.errors import WorkerFrontError
from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.models import Function
from functions.models.execution import Trigger
from functions.upkeep import eviction

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse


@admin.register(Function)
class FunctionAdmin(Discarding, admin.ModelAdmin[Function]):
    form = FunctionForm
    list_display = ("name", "enabled", "runtime", "isolation", "state", "short_version", "created_at")
    list_filter = ("enabled", "runtime")
    search_fields = ("name",)
    actions = ("build_now",)
    readonly_fields = ("version", "source_checked_at")
    change_form_template = "admin/functions/function/change.html"

    @admin.display(description="version", ordering="version")
    def short_version(self, function: Function) -> str:
        return function.version[:12]

    @admin.display(description="image")
    def state(self, function: Function) -> str:
        image = function.images.filter(node=settings.WF_NODE).first()
        return image.get_state_display() if image else ""

    def get_readonly_fields(self, request: HttpRequest, obj: Function | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "name") if obj else self.readonly_fields  # images and records carry the name

    def save_model(self, request: HttpRequest, obj: Function, form: ModelForm[Function], change: bool) -> None:
        replaced = form.initial.get("package") if "package" in form.changed_data else None
        super().save_model(request, obj, form, change)
        if {"package", "runtime"} & set(form.changed_data):
            Function.objects.outdate(obj.pk)
        if replaced:  # and stays so: until then the row may still name it
            transaction.on_commit(lambda: replaced.storage.delete(replaced.name))

    @admin.action(description="Build now", permissions=["change"])
    def build_now(self, request: HttpRequest, queryset: QuerySet[Function]) -> None:
        begun = [function.name for function in queryset if images.request(function, settings.WF_NODE, now=True)]
        self.message_user(request, f"Building: {', '.join(begun) or 'nothing, all are being built already'}.")

    def delete_model(self, request: HttpRequest, obj: Function) -> None:
        for image in obj.images.all():
            eviction.discard(image, platform())
        package = obj.package
        super().delete_model(request, obj)
        if package:
            package.storage.delete(str(package.name))

    def get_urls(self) -> list[URLPattern]:
        run = path("<int:pk>/run/", self.admin_site.admin_view(self.run_once), name="functions_function_run")
        return [run, *super().get_urls()]

    def run_once(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A form for an event; after it was sent, the answer below the form."""
        function = get_object_or_404(Function, pk=pk)
        if not self.has_change_permission(request, function):
            raise PermissionDenied
        form = EventForm(request.POST or None)
        answer = self._run(request, function, form) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Run {function.name} once",
            "opts": self.opts,
            "original": function,
            "form": form,
            "answer": answer,
        }
        return TemplateResponse(request, "admin/functions/function/run.html", context)

    def _run(self, request: HttpRequest, function: Function, form: EventForm) -> dict[str, Any]:
        call = Call(function.name, form.cleaned_data["event"], uuid.uuid4().hex, time.monotonic(), Trigger.ADMIN)
        try:
            return _shown(invoke(call, platform()))
        except WorkerFrontError as error:
            return {"error": error}


def _shown(answer: Answer) -> dict[str, Any]:
    execution = type(answer.execution).objects.get(pk=answer.execution.pk)
    link = reverse("admin:functions_execution_change", args=[execution.pk])
    return {"error": answer.outcome.error, "execution": execution, "link": link}
