"""Images: state, size and build log. Deleting one removes it from the engine; the next call builds it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.template.defaultfilters import filesizeformat

from functions.admin.discarding import Discarding
from functions.admin.readonly import ReadOnly
from functions.build.platform import platform
from functions.models import Image
from functions.upkeep import eviction

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(Image)
class ImageAdmin(ReadOnly, Discarding, admin.ModelAdmin[Image]):
    list_display = (
        "tag",
        "function",
        "node",
        "state",
        "runtime",
        "short_version",
        "readable_size",
        "built_at",
        "last_used_at",
    )
    list_filter = ("state", "runtime", "node")
    search_fields = ("tag", "function__name")
    list_select_related = ("function",)

    @admin.display(description="version", ordering="version")
    def short_version(self, image: Image) -> str:
        return image.version[:12]

    @admin.display(description="size", ordering="size")
    def readable_size(self, image: Image) -> str:
        return filesizeformat(image.size)

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        eviction.discard(obj, platform())
