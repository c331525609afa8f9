"""The addresses of a node: the API at the root, the admin beside it. Errors outside of views are JSON as well."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("functions.api.urls")),
]

handler400 = "functions.api.errors.bad_request"
handler403 = "functions.api.errors.forbidden"
handler404 = "functions.api.errors.not_found"
handler500 = "functions.api.errors.internal"
