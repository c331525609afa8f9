"""`manage.py doctor`: does everything on this node hold that must? Changes nothing; docs/upkeep.md has the rules."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from functions.build.platform import platform
from functions.errors import WorkerFrontError
from functions.upkeep.doctor import database
from functions.upkeep.doctor.examination import examine
from functions.upkeep.doctor.rules import RULES


class Command(BaseCommand):
    help = "Checks the rules of a quiet node, prints each with what breaks it, and fails when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            findings = examine(platform())
        except WorkerFrontError as error:
            raise CommandError(error.message) from error
        except DatabaseError as error:
            raise CommandError("; ".join([*database.faults(), str(error)])) from error
        for rule in RULES:
            self.stdout.write(f"{rule.id:4}{'BROKEN' if findings[rule.id] else 'ok':7} {rule.title}")
            for line in findings[rule.id]:
                self.stdout.write(f"           {line}")
        broken = [rule for rule, lines in findings.items() if lines]
        if broken:
            raise CommandError(f"broken: {', '.join(broken)}")
