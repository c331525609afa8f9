"""The addresses of the node API."""

from django.urls import path

from functions.api.access import OwnMachine
from functions.api.schema_view import Schema
from functions.api.views import Execute

urlpatterns = [
    path("execute", Execute.as_view(), name="execute"),
    path("openapi.json", Schema.as_view(permission_classes=[OwnMachine]), name="openapi"),
]
