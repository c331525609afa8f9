"""`manage.py deploy PATH...`: puts function packages into the source storage."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from functions.build.package import examine
from functions.build.platform import platform
from functions.errors import WorkerFrontError
from functions.models import Function
from functions.models.names import checked
from functions.sources import archive

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Saves folders or zips in the source storage as <name>.zip; the name is the folder's or the file's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="path")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["paths"]:
            try:
                self._deploy(path.resolve(strict=True))
            except (WorkerFrontError, OSError) as error:
                raise CommandError(f"{path}: {error}") from error

    def _deploy(self, path: Path) -> None:
        name = checked(path.stem if path.is_file() else path.name)
        function = Function.objects.named(name)
        name = function.name if function else name  # W1 and w1 are one function, and one object in the storage
        with tempfile.TemporaryDirectory() as scratch:
            package = path
            if path.is_dir():
                package = Path(scratch) / f"{name}.zip"
                archive.pack(path, name, package)
            examine(package, name, function.runtime if function else "")
            platform().source.save(name, package)
        if function:
            Function.objects.outdate(function.pk)
        self.stdout.write(f"deployed {name}")
