"""The task queue stays out of the admin: its rows are signed code, and free text there would be a door to run any."""

from django.apps import apps
from django.contrib import admin

for name in ("OrmQ", "Schedule"):
    admin.site.unregister(apps.get_model("django_q", name))
