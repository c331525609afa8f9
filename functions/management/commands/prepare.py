"""`manage.py prepare`: what `/prepare` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from functions.build import preparing
from functions.build.platform import platform
from functions.errors import WorkerFrontError

if TYPE_CHECKING:
    from functions.build.preparing import Prepared


class Command(BaseCommand):
    help = "Builds every function that the source storage lists, and fails when one could not be built."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            prepared = preparing.prepare(platform())
        except WorkerFrontError as error:
            raise CommandError(error.message) from error
        for one in prepared:
            self.stdout.write(f"{one.name}: {_outcome(one)}")
        failed = [one.name for one in prepared if one.error]
        if failed:
            raise CommandError(f"not prepared: {', '.join(failed)}")


def _outcome(prepared: Prepared) -> str:
    if prepared.ready:
        return f"{'built' if prepared.ready.built else 'was ready'}, version {prepared.ready.image.version}"
    return f"{prepared.error.code}: {prepared.error.message}" if prepared.error else ""
