"""`manage.py clear`: what `/clear` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from functions.build.platform import platform
from functions.errors import WorkerFrontError
from functions.upkeep import clearing

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Removes idle containers, busy ones after their call; with --reset-images images too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset-images", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            cleared = clearing.clear(platform(), reset_images=options["reset_images"])
        except WorkerFrontError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"cleared {cleared.containers} containers and {cleared.images} images; "
            f"{cleared.images_in_use} images go after their calls"
        )
