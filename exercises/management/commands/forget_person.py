"""`manage.py forget_person EMAIL --because TEXT`: take a person's name and address away.

For whoever runs the installation, when somebody who left asks for it. What they did stays,
and the audit trail keeps that it was done and why.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exercises.domain.errors import Invalid, Refused
from exercises.models import User
from exercises.services.forget import forget_person
from exercises.services.system import SYSTEM


class Command(BaseCommand):
    help = "Forget a person who left. Cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--because", required=True, help="kept in the audit trail; no names")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["email"]).first()
        if person is None:
            raise CommandError(f"email: nobody is known as {options['email']}")
        try:
            done = forget_person(actor=SYSTEM, person=person, because=options["because"])
        except Refused as refused:
            told = "\n".join(f"- {one.because}. {one.lifted_by}" for one in refused.refusals)
            raise CommandError(f"Not forgotten; this comes first:\n{told}") from refused
        except Invalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Now {done.name}; {done.marks} names of the audit trail taken away.")
        if done.lines or done.entries:
            self.stdout.write(
                f"Never changed, and so still holding the name: {done.lines} lines of event logs,"
                f" {done.entries} audit entries from before names were kept apart."
            )
