"""The addresses of the node API."""

from django.urls import path

from functions.api.access import OwnMachine
from functions.api.clear import Clear
from functions.api.configure import Configure
from functions.api.prepare import Prepare
from functions.api.schema_view import Schema
from functions.api.views import Execute

urlpatterns = [
    path("execute", Execute.as_view(), name="execute"),
    path("configure", Configure.as_view(), name="configure"),
    path("clear", Clear.as_view(), name="clear"),
    path("prepare", Prepare.as_view(), name="prepare"),
    path("openapi.json", Schema.as_view(permission_classes=[OwnMachine]), name="openapi"),
]
