"""The migrations are those of the models."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_q.models import Schedule

pytestmark = pytest.mark.django_db


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_schedule_can_be_taken_back_and_made_again() -> None:
    call_command("migrate", "functions", "0001", verbosity=0)
    assert not Schedule.objects.filter(name="sweep").exists()
    call_command("migrate", "functions", verbosity=0)
    assert Schedule.objects.filter(name="sweep").count() == 1
