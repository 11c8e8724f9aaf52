"""`manage.py audit_verify [--anchor FILE]`: is the audit trail whole?

Exits 1 when it is not. With --anchor it also checks every head kept in FILE, then adds the
present one: run it from cron with FILE on storage that only grows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exercises.domain.errors import Invalid
from exercises.services.audit_verification import read_anchors, verify, write_anchor


class Command(BaseCommand):
    help = "Verify the hash chain of the audit trail, and heads anchored outside the database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", type=Path, help="file of anchored heads")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["anchor"]
        try:
            report = verify(read_anchors(path) if path else ())
        except Invalid as error:
            raise CommandError(str(error)) from error
        if report.broken_at is not None:
            raise CommandError(f"The audit trail is broken at entry {report.broken_at}.")
        for anchor in report.lost_anchors:
            raise CommandError(
                f"The audit trail no longer holds the head anchored at entry {anchor.seq}:"
                " entries were cut off or written anew."
            )
        if path:
            write_anchor(path, report.head)
        self.stdout.write(f"The audit trail is whole: {report.head.seq} entries.")
        self.stdout.write(f"Head: {report.head.hash}")
