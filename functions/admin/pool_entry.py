"""Pool entries: containers that are kept ready. Read-only: upkeep removes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from functions.admin.readonly import ReadOnly
from functions.models import PoolEntry

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(PoolEntry)
class PoolEntryAdmin(ReadOnly, admin.ModelAdmin[PoolEntry]):
    list_display = ("container_name", "kind", "node", "state", "address", "last_used_at", "expires_at")
    list_filter = ("kind", "state", "node")

    def has_delete_permission(self, request: HttpRequest, obj: PoolEntry | None = None) -> bool:
        return False
