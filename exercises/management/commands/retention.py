"""`manage.py retention [--remove]`: what was kept long enough, and with --remove its removal.

Without --remove nothing is changed. The tick does the same once a day.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exercises.domain.retention import Kept
from exercises.models.due_work import database_now
from exercises.services.retention import BATCH, expired, kept_days, remove


class Command(BaseCommand):
    help = "Say what retention would remove now; --remove removes it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove it, not only say it")

    def handle(self, *args: Any, **options: Any) -> None:
        now = database_now()
        found = {one.kept: one for one in expired(now)}
        for kept in Kept:
            one = found.get(kept)
            if one is None:
                self.stdout.write(f"{kept.words}: kept for ever.")
            else:
                days = kept_days()[kept]
                self.stdout.write(
                    f"{kept.words}: kept {days:g} days; {one.rows} rows are older"
                    f" than {one.before:%Y-%m-%d %H:%M} UTC."
                )
        if not options["remove"]:
            self.stdout.write("Nothing was removed; --remove removes.")
            return
        total = 0
        while count := sum((batch := remove(now)).values()):
            total += count
            if max(batch.values()) < BATCH:
                break
        self.stdout.write(f"{total} rows removed.")
