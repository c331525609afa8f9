"""Browsers of the admin: a superuser's, and what a form needs to be sent."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

FUNCTIONS = "/admin/functions/function/"
IMAGES = "/admin/functions/image/"
EXECUTIONS = "/admin/functions/execution/"


@pytest.fixture
def browser(db: None) -> Client:
    """A superuser's."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def staff(*permissions: str) -> Client:
    """The browser of a member of staff with these permissions."""
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def form(**fields: object) -> dict[str, object]:
    """What a browser sends of the form of a function."""
    empty = {"runtime": "", "handler": "", "timeout": "", "memory": "", "isolation": "", "network": ""}
    return {"name": "W1", "enabled": "on", "environment": "{}", **empty, **fields}
