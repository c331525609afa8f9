"""The configuration of each node: changed as a whole, by the same rules as `/configure`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpResponseRedirect

from functions.errors import Conflict
from functions.models import Configuration
from functions.upkeep import reaper

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse


class ConfigurationForm(forms.ModelForm[Configuration]):
    """Knows which state of the row the person has seen."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.changed_at.isoformat()

    class Meta:
        model = Configuration
        fields = (
            "user_code_size_limit",
            "container_pool_limit",
            "container_pool_num",
            "using_rest_mode",
            "rest_container_life_time",
        )

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if fields.get("seen") != self.instance.changed_at.isoformat():
            raise forms.ValidationError("Somebody has changed it since this page was loaded. Load it again.")
        self.instance.refuse_large_pool(fields)
        return fields


@admin.register(Configuration)
class ConfigurationAdmin(admin.ModelAdmin[Configuration]):
    form = ConfigurationForm
    list_display = ("node", *ConfigurationForm.Meta.fields, "changed_at")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        Configuration.objects.of(settings.WF_NODE)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Conflict as conflict:
            self.message_user(request, conflict.message, messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(
        self, request: HttpRequest, obj: Configuration, form: ModelForm[Configuration], change: bool
    ) -> None:
        values = {name: form.cleaned_data[name] for name in ConfigurationForm.Meta.fields}
        if not Configuration.objects.change(obj, **values):
            raise Conflict("Somebody else has changed it at the same moment. Nothing was changed.")
        transaction.on_commit(reaper.ask)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Configuration | None = None) -> bool:
        return False
