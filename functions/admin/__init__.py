"""The Django admin: functions with upload, build and run; the configuration; images and executions to look at.

No rules of its own.
"""

from functions.admin import configuration, execution, function, image, pool_entry, queue

__all__ = ["configuration", "execution", "function", "image", "pool_entry", "queue"]
