"""`manage.py start [port] [-d]`: the worker, in the foreground or behind, until SIGTERM."""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from argparse import ArgumentTypeError
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"  # there are no access tokens yet: only programs of this machine are served
LAST_PORT = 65535


class Command(BaseCommand):
    help = "Runs the web server and the task clusters until SIGTERM; brings the database up to date first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("port", nargs="?", type=_port, default=8222)
        parser.add_argument("-d", "--daemon", action="store_true", help="in the background; see WF_HOME/daemon.log")
        parser.add_argument("--announce-to", type=int, help="a descriptor that is written to once it answers")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["daemon"]:
            self._begin(options["port"])
        else:
            self._run(options["port"], options["announce_to"])

    def _begin(self, port: int) -> None:
        from workerfront import daemon

        try:
            pid = daemon.start(settings.WF_HOME, daemon.command(port))
        except RuntimeError as error:
            raise CommandError(f"The worker did not start:\n{error}") from error
        self.stdout.write(f"Worker Front serves http://{HOST}:{port}/ as process {pid}")

    def _run(self, port: int, announce_to: int | None) -> None:
        from workerfront import daemon, home

        try:
            with home.held(settings.WF_HOME), daemon.pid_file(settings.WF_HOME):
                sys.exit(self._serve(port, announce_to))
        except home.Held as error:
            raise CommandError("Another worker runs on this WF_HOME. Stop it, or take another folder.") from error

    def _serve(self, port: int, announce_to: int | None) -> int:
        from functions.build.platform import platform
        from functions.upkeep import reaper, reconcile
        from workerfront import supervisor

        _refuse_taken(port)
        supervisor.hold_signals()
        call_command("migrate", interactive=False, verbosity=0)
        _refuse_foreign_node()
        reconcile.at_start(platform())
        try:
            return supervisor.serve(HOST, port, lambda: _announce(port, announce_to))
        finally:
            reaper.clear_out(platform())


def _announce(port: int, announce_to: int | None) -> None:
    logger.info("Worker Front serves http://%s:%s/", HOST, port)  # not to stdout, which may be closed by now
    if announce_to is not None:
        with suppress(OSError), os.fdopen(announce_to, "wb", buffering=0) as starter:  # it may have been killed
            starter.write(b"1")


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= LAST_PORT:
        raise ArgumentTypeError(f"{text!r} must be a port from 1 to {LAST_PORT}")
    return int(text)


def _refuse_foreign_node() -> None:
    """Rows are told apart by their node: two workers of one name would take each other's for left behind."""
    from functions.models import Configuration

    owner = Configuration.objects.claim(settings.WF_NODE, settings.WF_INSTANCE)
    if owner != settings.WF_INSTANCE:
        raise CommandError(
            f"In this database the node {settings.WF_NODE!r} is another worker. Give this one a WF_NODE of its own. If "
            f"that one is gone for good, this one takes its place with {owner} in the file {settings.WF_HOME}/instance."
        )


def _refuse_taken(port: int) -> None:
    """Before anything is changed. A port that is taken later ends the worker as well, only less plainly."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the last worker do not count
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(f"Port {port} cannot be served: {error}") from error
