"""`manage.py stop`: ends the worker of this WF_HOME, however it was started, after its last call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Tells the worker of this WF_HOME to stop, and waits until its last call is answered and it has ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", action="store_true", help="does not wait for calls; ends the wait of another stop")

    def handle(self, *args: Any, **options: Any) -> None:
        from workerfront import daemon

        try:
            pid = daemon.stop(settings.WF_HOME, now=options["now"])
        except daemon.NotOurs as error:
            raise CommandError(f"Nothing was stopped. {error}") from error
        except TimeoutError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The worker, process {pid}, has ended.")
