"""The demo's programme: Cloud ITEE, once a month, with a freeze at the end of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from exercises.domain.recurrence import Occurrence, Rule, occurrences
from exercises.management.demo.estate import REGION
from exercises.management.demo.people import LEAD, SAFETY
from exercises.models import FreezeWindow, Programme, Schedule, Team, User
from exercises.models.due_work import database_now
from exercises.services.editions import materialise_editions

NAME: Final = "Cloud ITEE"
GOAL: Final = (
    "Learn, once a month and together, whether the services keep running when a part of "
    "AWS fails: an instance, a network, a volume, a whole Availability Zone."
)
FREEZE: Final = "Year-end freeze"
LAUNCH: Final = "Model launch"
RULE: Final = Rule(
    rrule="FREQ=MONTHLY;BYDAY=2WE",
    timezone="Europe/Berlin",
    local_start=datetime(2025, 1, 8, 9, 30),  # noqa: DTZ001 - a local time on purpose
    duration_s=9_000,
)


def seed_programme(people: dict[str, User]) -> Programme:
    """The programme. Its schedule comes with `seed_schedule`, when the past is there."""
    programme, _ = Programme.objects.get_or_create(
        slug="cloud-itee",
        defaults={
            "name": NAME,
            "goal": GOAL,
            "lead": people[LEAD],
            "safety_officer": people[SAFETY],
        },
    )
    return programme


def seed_schedule(programme: Programme) -> Schedule:
    """The monthly schedule and the editions it yields ahead of time."""
    schedule = programme.schedules.first()
    if schedule is not None:
        return schedule
    schedule = Schedule.objects.create(
        slug=programme.slug,
        programme=programme,
        rrule=RULE.rrule,
        timezone=RULE.timezone,
        local_start=RULE.local_start.isoformat(),
        duration_s=RULE.duration_s,
        region=REGION,
        az=f"{REGION}a",
        due_at=database_now(),
    )
    materialise_editions(schedule_id=schedule.pk, fence=schedule.fence)
    return schedule


def past_editions(now: datetime, *, count: int) -> list[Occurrence]:
    """The last editions before this month, oldest first."""
    this_month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = occurrences(RULE, after=now - timedelta(days=31 * (count + 2)), until=this_month)
    return found[-count:]


def seed_freeze(declared_by: User) -> None:
    """A freeze in production around the turn of the year.

    One that has come near is lifted and the next is declared: the demo can be tried on any
    day, and a freeze would rightly refuse its Go.
    """
    now = database_now()
    soon = now + timedelta(days=2)
    year = now.year if soon < _begins(now.year) else now.year + 1
    stale = FreezeWindow.objects.filter(name__startswith=FREEZE, lifted_at__isnull=True)
    stale.filter(starts_at__lt=soon).update(lifted_at=now)
    FreezeWindow.objects.get_or_create(
        name=f"{FREEZE} {year}",
        defaults={
            "reason": "Fewer people are at work to look after a fault.",
            "starts_at": _begins(year),
            "ends_at": datetime(year + 1, 1, 7, tzinfo=UTC),
            "environments": ["production"],
            "declared_by": declared_by,
        },
    )


def seed_team_freeze(declared_by: User, team: Team) -> None:
    """A launch of one team, three weeks ahead of the first demo: seen, and in nobody's way."""
    if FreezeWindow.objects.filter(name=LAUNCH).exists():
        return
    first = database_now().replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=20)
    freeze = FreezeWindow.objects.create(
        name=LAUNCH,
        reason="Cars with the new telemetry reach their first customers.",
        starts_at=first,
        ends_at=first + timedelta(days=3),
        environments=["production"],
        declared_by=declared_by,
    )
    freeze.teams.set([team])


def _begins(year: int) -> datetime:
    return datetime(year, 12, 18, tzinfo=UTC)
