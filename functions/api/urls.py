"""The addresses of the node API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from functions.api.views import Execute

urlpatterns = [
    path("execute", Execute.as_view(), name="execute"),
    path("openapi.json", SpectacularAPIView.as_view(), name="openapi"),
]
