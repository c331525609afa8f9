"""The addresses of a node: the API at the root, the admin beside it. Errors outside of views are JSON as well."""

from django.contrib import admin
from django.urls import path

from functions.api import urls as api

urlpatterns = [*api.urlpatterns, path("admin/", admin.site.urls)]

handler400 = "functions.api.errors.bad_request"
handler403 = "functions.api.errors.forbidden"
handler404 = "functions.api.errors.not_found"
handler500 = "functions.api.errors.internal"
