"""Fill the demo: teams, people, the simulated estate, six past editions and one to say Go in.

Idempotent. On a later start it leaves what people did and opens a fresh edition when the
last one is over or was run. Called by chaosplane.demo.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from exercises.management.demo.drill import seed_drill
from exercises.management.demo.edition import seed_edition
from exercises.management.demo.game_days import seed_game_days
from exercises.management.demo.history import seed_history
from exercises.management.demo.mentoring import seed_mentoring
from exercises.management.demo.people import PEOPLE
from exercises.management.demo.programme import seed_schedule
from exercises.management.demo.report import seed_report
from exercises.management.demo.world import seed_world
from exercises.models import AccountRegion
from exercises.models.due_work import claim
from exercises.services.observe import observe_region


class Command(BaseCommand):
    help = "Fill the database with the demo's organisation. Refuses outside the demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--print-sign-ins", action="store_true", help="print who can sign in, and what to try"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.CHAOSPLANE_ENV not in {"demo", "test"}:
            raise CommandError(
                "demo_data invents people and approvals; it runs only with CHAOSPLANE_ENV=demo"
            )
        world = seed_world()
        seed_history(world)
        seed_mentoring(world)
        seed_schedule(world.programme)
        look_at_accounts()
        exercise = seed_edition(world)
        seed_drill(world)
        seed_report(world)
        seed_game_days(world)
        if options["print_sign_ins"]:
            self.stdout.write(sign_ins())
        else:
            self.stdout.write(f"{exercise.name} waits for Go.")


def look_at_accounts() -> None:
    """As the first tick would: nothing starts in an account that nobody has looked at."""
    for place in claim(AccountRegion.objects.all()):
        observe_region(region_id=place.pk, fence=place.fence)


def sign_ins() -> str:
    """Each role, how to sign in as it, and what to try."""
    name_width = max(len(person.name) for person in PEOPLE)
    email_width = max(len(person.email) for person in PEOPLE)
    return "\n".join(
        f"{person.name:<{name_width}}  {person.email:<{email_width}}  {person.try_this}"
        for person in PEOPLE
    )
