"""The Django admin: functions with upload, build and run; images and executions to look at. No rules of its own."""

from functions.admin import execution, function, image, pool_entry, queue

__all__ = ["execution", "function", "image", "pool_entry", "queue"]
