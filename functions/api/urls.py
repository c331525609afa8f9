"""The addresses of the node API."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from functions.api.access import OwnMachine
from functions.api.views import Execute

urlpatterns = [
    path("execute", Execute.as_view(), name="execute"),
    path("openapi.json", SpectacularJSONAPIView.as_view(permission_classes=[OwnMachine]), name="openapi"),
]
