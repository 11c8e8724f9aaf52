"""`manage.py import_stops FOLDER`: tell the database of stops by `chaosplane stop`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exercises.services.stop_records import tell
from exercises.stopping.journal import Journal


class Command(BaseCommand):
    help = "Read the journal that `chaosplane stop` wrote, and write it into the log of each run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        known = unknown = 0
        for entry in Journal(folder).under_way():
            if tell(entry):
                known += 1
            else:
                unknown += 1
            entry.close()
        self.stdout.write(f"{known} imported, {unknown} of runs that are not known here.")
