"""Schedules as their pages and the API show them: the next occurrences, and what a change does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exercises.domain.actors import Actor
from exercises.domain.recurrence import Occurrence, Rule, occurrences
from exercises.domain.recurrence_rule import parts_of
from exercises.domain.schedule_patterns import words
from exercises.models import Exercise, MissedOccurrence, Schedule
from exercises.queries.schedule_rules import rule_of

PREVIEWED = 12
LOOK_AHEAD = timedelta(days=13 * 366)


@dataclass(frozen=True)
class Previewed:
    """One occurrence to come. `skipped` are months before it that have none; `clocks` says
    how the clocks were changed since the one before it."""

    occurrence: Occurrence
    offset: str
    clocks: str
    skipped: tuple[str, ...]


def preview(rule: Rule, *, now: datetime, count: int = PREVIEWED) -> tuple[Previewed, ...]:
    """The next occurrences. Raises Invalid when the rule cannot be expanded."""
    zone = ZoneInfo(rule.timezone)
    found = occurrences(rule, after=now, until=now + LOOK_AHEAD, limit=count)
    shown: list[Previewed] = []
    before: Occurrence | None = None
    for each in found:
        offset = each.starts_at.astimezone(zone).strftime("%z")
        clocks = ""
        if before is not None:
            moved = _offset(each, zone) - _offset(before, zone)
            minutes = int(moved.total_seconds() // 60)
            if minutes:
                clocks = f"clocks {'forward' if minutes > 0 else 'back'} {_span(abs(minutes))}"
        shown.append(
            Previewed(each, f"UTC{offset[:3]}:{offset[3:]}", clocks, _skipped(rule, before, each))
        )
        before = each
    return tuple(shown)


def _offset(occurrence: Occurrence, zone: ZoneInfo) -> timedelta:
    return occurrence.starts_at.astimezone(zone).utcoffset() or timedelta()


def _span(minutes: int) -> str:
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _skipped(rule: Rule, before: Occurrence | None, each: Occurrence) -> tuple[str, ...]:
    """Months of a monthly rule that have no such day."""
    parts = parts_of(rule.rrule)
    if before is None or parts.frequency != "MONTHLY" or parts.months:
        return ()
    number = before.local.year * 12 + before.local.month - 1 + parts.interval
    until = each.local.year * 12 + each.local.month - 1
    return tuple(
        datetime(n // 12, n % 12 + 1, 1).strftime("%B")  # noqa: DTZ001 - a month's name
        for n in range(number, until, parts.interval)
    )


@dataclass(frozen=True)
class Effect:
    """What a rule does to the editions ahead: none is ever deleted by it."""

    creates: tuple[Occurrence, ...]
    leaves: tuple[Exercise, ...]
    unmatched: tuple[Exercise, ...]


def effect_of(schedule: Schedule, rule: Rule, *, horizon_days: int, now: datetime) -> Effect:
    """The editions ahead under this rule: made anew, left as they are, no longer named."""
    editions = editions_ahead(schedule, now=now)
    coming = occurrences(rule, after=now, until=now + timedelta(days=horizon_days))
    starts = {(each.key, each.starts_at) for each in coming}
    keys = set(schedule.exercise_set.values_list("occurrence_key", flat=True))
    return Effect(
        creates=tuple(each for each in coming if each.key not in keys),
        leaves=tuple(e for e in editions if (e.occurrence_key, e.starts_at) in starts),
        unmatched=tuple(e for e in editions if (e.occurrence_key, e.starts_at) not in starts),
    )


def editions_ahead(schedule: Schedule, *, now: datetime) -> list[Exercise]:
    rows = schedule.exercise_set.filter(ends_at__gt=now).exclude(phase="cancelled")
    return list(rows.order_by("starts_at"))


@dataclass(frozen=True)
class ScheduleRow:
    schedule: Schedule
    words: str
    next: Occurrence | None


def schedule_rows(*, now: datetime) -> list[ScheduleRow]:
    """All schedules, each with its next occurrence, in one query."""
    rows = Schedule.objects.select_related("programme").order_by("programme__name", "pk")
    return [ScheduleRow(row, words(row.rrule), _next(row, now)) for row in rows]


def _next(schedule: Schedule, now: datetime) -> Occurrence | None:
    if schedule.is_suspended:
        return None
    found = occurrences(rule_of(schedule), after=now, until=now + LOOK_AHEAD, limit=1)
    return found[0] if found else None


@dataclass(frozen=True)
class ScheduleDetail:
    schedule: Schedule
    words: str
    previewed: tuple[Previewed, ...]
    editions: Sequence[Exercise]
    unmatched: frozenset[int]
    missed: Sequence[MissedOccurrence]


def schedule_detail(actor: Actor, schedule: Schedule, *, now: datetime) -> ScheduleDetail:
    """One schedule: what comes, the editions made for it, and what was missed."""
    rule = rule_of(schedule)
    effect = effect_of(schedule, rule, horizon_days=schedule.horizon_days, now=now)
    seen = Exercise.objects.visible_to(actor).filter(schedule=schedule, ends_at__gt=now)
    return ScheduleDetail(
        schedule=schedule,
        words=words(schedule.rrule),
        previewed=preview(rule, now=now),
        editions=list(seen.order_by("starts_at")),
        unmatched=frozenset(e.pk for e in effect.unmatched),
        missed=list(schedule.missed.all()[:PREVIEWED]),
    )
