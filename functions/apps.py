"""The Django app. Starting it has no effect but registering system checks."""

from django.apps import AppConfig


class FunctionsConfig(AppConfig):
    name = "functions"
    verbose_name = "Worker Front"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from functions import checks  # noqa: F401 -- importing registers them
