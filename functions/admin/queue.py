"""The task queue stays out of the admin: a schedule names any code that there is, and a task's record holds pickles."""

from django.apps import apps
from django.contrib import admin

for model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
