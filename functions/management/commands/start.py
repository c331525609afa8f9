"""`manage.py start [port]`: the worker in the foreground, until SIGTERM."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser

HOST = "127.0.0.1"  # there are no access tokens yet: only programs of this machine are served


class Command(BaseCommand):
    help = "Runs the web server and the task cluster until SIGTERM; brings the database up to date first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("port", nargs="?", type=int, default=8222)

    def handle(self, *args: Any, **options: Any) -> None:
        from workerfront import home

        try:
            with home.held(settings.WF_HOME):
                sys.exit(self._serve(options["port"]))
        except BlockingIOError as error:
            raise CommandError("Another worker runs on this WF_HOME. Stop it, or take another folder.") from error

    def _serve(self, port: int) -> int:
        from functions.build.platform import platform
        from functions.upkeep import reaper
        from workerfront import supervisor

        call_command("migrate", interactive=False, verbosity=0)
        reaper.remove_all_kept(platform())
        try:
            return supervisor.serve(HOST, port, lambda: self._announce(port))
        finally:
            reaper.remove_all_kept(platform())

    def _announce(self, port: int) -> None:
        self.stdout.write(f"Worker Front serves http://{HOST}:{port}/")
        self.stdout.flush()
