"""Executions: every call with its log, result and timings. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from functions.admin.readonly import ReadOnly
from functions.models import Execution

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(Execution)
class ExecutionAdmin(ReadOnly, admin.ModelAdmin[Execution]):
    list_display = (
        "queued_at",
        "function_name",
        "state",
        "start_type",
        "status_code",
        "error_code",
        "function_time",
        "call_id",
    )
    list_filter = ("state", "start_type", "trigger", "error_code", "queued_at")
    search_fields = ("function_name", "call_id", "=id")
    show_full_result_count = False  # the table is long; counting it costs more than it tells

    @admin.display(description="handler ms", ordering="function_ms")
    def function_time(self, execution: Execution) -> str:
        return "" if execution.function_ms is None else f"{execution.function_ms:.1f}"

    def has_delete_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        return False
