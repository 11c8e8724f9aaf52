"""Set up when a programme's editions take place: create, change and suspend a schedule.

Resuming one is services.release's. Creating the editions is services.editions'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final

from django.db import transaction
from django.utils.text import slugify

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.places import place_problems
from exercises.domain.recurrence import MAX_DURATION_S, Rule, occurrences
from exercises.models import Programme, Schedule, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.schedules import LOOK_AHEAD, Effect, effect_of
from exercises.services.audit import record

MAX_HORIZON_DAYS = 366
MAX_SLUG: Final = 60
SLUG: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_SLUG}}}")


@dataclass(frozen=True, slots=True)
class Times:
    """When and where editions take place, and how long ahead they are made."""

    rrule: str
    timezone: str
    local_start: datetime
    duration_s: int
    region: str
    az: str = ""
    horizon_days: int = 60

    @property
    def rule(self) -> Rule:
        return Rule(self.rrule, self.timezone, self.local_start, self.duration_s)


def create_programme(
    *, actor: Actor, name: str, lead: User, safety_officer: User, goal: str = ""
) -> Programme:
    """A series of exercises. Raises Invalid (name), NotAllowed."""
    authorize(actor, "schedule.manage")
    slug = slugify(name)[:50]
    if not 1 <= len(name.strip()) <= 120 or not slug:
        raise Invalid("name", "1 to 120 characters")
    if Programme.objects.filter(slug=slug).exists():
        raise Invalid("name", f"“{name.strip()}” is there already; choose it or another name")
    if lead == safety_officer:
        raise Invalid("safety_officer", "somebody other than the lead")
    with transaction.atomic():
        programme = Programme.objects.create(
            slug=slug,
            name=name.strip(),
            goal=goal.strip(),
            lead=lead,
            safety_officer=safety_officer,
        )
        record(actor, "programme.create", programme, name=programme.name)
    return programme


def create_schedule(
    *, actor: Actor, programme: Programme, times: Times, slug: str = ""
) -> Schedule:
    """Editions are made from now on, within seconds. Without a short name it is called after
    the programme. Raises Invalid, NotAllowed."""
    authorize(actor, "schedule.manage")
    now = database_now()
    problems = _slug_problems(slug) if slug else []
    try:
        check_times(times, now=now)
    except Invalid as error:
        problems += error.problems
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        # One at a time within a programme, or two would be called the same.
        Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
        schedule = Schedule.objects.create(
            slug=slug or _free_slug(programme),
            programme=programme,
            due_at=now,
            looked_until=now,
            **_fields(times),
        )
        record(actor, "schedule.create", schedule, **_said(times))
    return schedule


def change_schedule(*, actor: Actor, schedule: Schedule, times: Times) -> Effect:
    """Another rule; what it creates, leaves and no longer names.

    Editions that are there stay, also those it no longer names: people may work on them, and
    people cancel them. Raises Invalid, NotAllowed.
    """
    authorize(actor, "schedule.manage", schedule)
    now = database_now()
    check_times(times, now=now)
    with transaction.atomic():
        locked = Schedule.objects.select_for_update(of=("self",), no_key=True).get(pk=schedule.pk)
        effect = effect_of(locked, times.rule, horizon_days=times.horizon_days, now=now)
        fields = _fields(times) | {"due_at": now, "looked_until": now}
        for name, value in fields.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(fields))
        record(
            actor,
            "schedule.change",
            locked,
            creates=len(effect.creates),
            unmatched=[e.slug for e in effect.unmatched],
            **_said(times),
        )
    return effect


def suspend_schedule(*, actor: Actor, schedule: Schedule) -> Schedule:
    """Make no further editions until it is resumed; those that are there stay."""
    authorize(actor, "schedule.manage", schedule)
    with transaction.atomic():
        locked = Schedule.objects.select_for_update(of=("self",), no_key=True).get(pk=schedule.pk)
        if locked.is_suspended:
            return locked
        locked.is_suspended, locked.suspended_at = True, database_now()
        locked.suspended_by_name = actor.name[:120]
        locked.save(update_fields=["is_suspended", "suspended_at", "suspended_by_name"])
        record(actor, "schedule.suspend", locked)
    return locked


def check_times(times: Times, *, now: datetime) -> None:
    """Raises Invalid that names every field that is wrong."""
    problems = place_problems(times.region, times.az)
    if not 1 <= times.horizon_days <= MAX_HORIZON_DAYS:
        problems.append(("horizon_days", f"between 1 and {MAX_HORIZON_DAYS}"))
    if not 60 <= times.duration_s <= min(MAX_DURATION_S, 24 * 3600):
        problems.append(("duration", "between 1 minute and 24 hours"))
    try:
        if not occurrences(times.rule, after=now, until=now + LOOK_AHEAD, limit=1):
            problems.append(("rrule", "names no day from now on"))
    except Invalid as error:
        problems += [p for p in error.problems if p not in problems and p[0] != "duration"]
    if problems:
        raise Invalid.of(problems)


def _slug_problems(slug: str) -> list[tuple[str, str]]:
    if not SLUG.fullmatch(slug):
        return [("slug", f"at most {MAX_SLUG} letters, digits, hyphens and underscores")]
    if Schedule.objects.filter(slug=slug).exists():
        return [("slug", f"“{slug}” is taken; choose another")]
    return []


def _free_slug(programme: Programme) -> str:
    """The programme's, with a number from the second on."""
    taken = set(Schedule.objects.values_list("slug", flat=True))
    names = (f"{programme.slug}-{n}" if n > 1 else programme.slug for n in count(1))
    return next(name for name in names if name not in taken)


def _fields(times: Times) -> dict[str, object]:
    return {
        "rrule": times.rrule,
        "timezone": times.timezone,
        "local_start": times.local_start.isoformat(timespec="seconds"),
        "duration_s": times.duration_s,
        "region": times.region,
        "az": times.az,
        "horizon_days": times.horizon_days,
    }


def _said(times: Times) -> dict[str, object]:
    return {"rrule": times.rrule, "timezone": times.timezone, "from": _fields(times)["local_start"]}
