"""Generated cases, each checked against the oracle. The seed names the case for ever."""

from __future__ import annotations

import random
import time as clock
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from exercises.domain.errors import Invalid
from exercises.domain.freezes import FreezeFacts, freezes_touching
from exercises.domain.recurrence import Rule, occurrences
from exercises.domain.times import Window, whole_days
from tests.time_properties.oracle import (
    MINUTE,
    NAMES,
    Spoken,
    Walk,
    expected,
    minutes_between,
    utc,
)

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # 30 December 2011 never was
    "Africa/Casablanca",  # twice a year around Ramadan
    "Antarctica/Troll",  # two hours
    "America/Sao_Paulo",  # at midnight
    "Asia/Kolkata",
    "Atlantic/Azores",
    "UTC",
)
DAYS_IN_A_WALK = 64
SPANS = {
    "Pacific/Apia": (utc(2011, 12, 1), utc(2010, 9, 1), utc(2021, 3, 10)),
    "America/Sao_Paulo": (utc(2018, 10, 10), utc(2017, 1, 20), utc(2024, 2, 1)),
    "Africa/Casablanca": (utc(2026, 2, 1), utc(2019, 4, 20), utc(2037, 1, 1)),
    "Antarctica/Troll": (utc(2026, 3, 1), utc(2026, 10, 1), utc(2036, 1, 20)),
}
USUAL = (utc(2026, 2, 25), utc(2026, 9, 20), utc(1979, 12, 10), utc(2036, 3, 1))
CLOCKS = (
    time(0),
    time(0, 30),
    time(1, 30),
    time(2),
    time(2, 30),
    time(3),
    time(9, 30),
    time(23, 59),
)


@dataclass(frozen=True)
class Outcome:
    """A case that was checked: what differed, if anything, and how long expanding took."""

    name: str
    difference: str
    seconds: float


@lru_cache(maxsize=64)
def walk_of(zone: str, number: int) -> Walk:
    spans = SPANS.get(zone, USUAL)
    return Walk(zone, spans[number % len(spans)], DAYS_IN_A_WALK * 24 * 60)


def check(seed: int, *, spans: int = 4) -> Outcome:
    """One case: most are rules, each fourth is about windows."""
    rng = random.Random(seed)
    zone = ZONES[seed % len(ZONES)]
    walk = walk_of(zone, rng.randrange(spans))
    return _check_window(seed, rng, walk) if seed % 4 == 3 else _check_rule(seed, rng, walk)


def _check_rule(seed: int, rng: random.Random, walk: Walk) -> Outcome:
    rule = _rule(rng, walk)
    after = walk.begins + rng.randrange(2 * 24 * 60, 30 * 24 * 60) * MINUTE
    until = walk.ends - MINUTE
    began = clock.thread_time()
    found = occurrences(
        Rule(rule.text(), walk.zone, rule.start, 3600), after=after, until=until, limit=500
    )
    seconds = clock.thread_time() - began
    ours = [(o.starts_at, o.local.date(), o.is_shifted) for o in found]
    theirs = expected(rule, walk, after)
    name = f"{seed}: {rule.text()} from {rule.start:%Y-%m-%d %H:%M} in {walk.zone}"
    if ours == theirs:
        return Outcome(name, "", seconds)
    odd = sorted(set(ours) ^ set(theirs))[:3]
    return Outcome(name, f"{len(ours)} found, {len(theirs)} expected; differs at {odd}", seconds)


def _rule(rng: random.Random, walk: Walk) -> Spoken:
    freq = rng.choice(("DAILY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY"))
    is_counted = rng.random() < 0.2
    back = rng.randrange(400) if is_counted else rng.randrange(5000)
    first = max(date(1970, 2, 1), walk.begins.date() - timedelta(days=back - 20))
    start = datetime.combine(first, rng.choice(CLOCKS))
    numbered = freq in {"MONTHLY", "YEARLY"}
    byday = bymonthday = bymonth = bysetpos = ()  # type: tuple[object, ...]
    if rng.random() < 0.6:
        byday = tuple(
            (rng.choice((0, 1, 2, 3, 4, 5, -1, -2)) if numbered else 0, name)
            for name in rng.sample(NAMES, rng.randint(1, 3))
        )
    if freq != "WEEKLY" and rng.random() < 0.35:
        bymonthday = tuple(
            rng.sample((1, 2, 13, 15, 28, 29, 30, 31, -1, -2, -31), rng.randint(1, 4))
        )
        if freq == "YEARLY":
            byday = tuple((0, named[1]) for named in byday)  # type: ignore[index]
    if rng.random() < 0.25:
        near = {(walk.begins + timedelta(days=30 * n)).month for n in range(4)}
        bymonth = tuple(sorted(near | {rng.randint(1, 12)}))
    if (byday or bymonthday) and rng.random() < 0.3:
        bysetpos = tuple(rng.sample((1, 2, 3, -1, -2), rng.randint(1, 2)))
    until = None
    if not is_counted and rng.random() < 0.15:
        until = walk.begins.date() + timedelta(days=rng.randrange(60))
    return Spoken(
        freq=freq,
        start=start,
        interval=rng.choice((1, 1, 1, 2, 3, 5)),
        count=rng.randint(1, 60) if is_counted else 0,
        until=until if until and until > start.date() else None,
        byday=byday,  # type: ignore[arg-type]
        bymonthday=bymonthday,  # type: ignore[arg-type]
        bymonth=bymonth,  # type: ignore[arg-type]
        bysetpos=bysetpos,  # type: ignore[arg-type]
        wkst=rng.choice(("MO", "SU")) if freq == "WEEKLY" else "MO",
    )


def _check_window(seed: int, rng: random.Random, walk: Walk) -> Outcome:
    """A freeze of whole local days, and a run near one of its ends."""
    span = walk.dates[-1] - walk.dates[0]
    first = walk.dates[0] + timedelta(days=rng.randrange(2, span.days - 12))
    after_last = first + timedelta(days=rng.randint(1, 9))
    began = clock.thread_time()
    window = whole_days(first, after_last, ZoneInfo(walk.zone))
    seconds = clock.thread_time() - began
    frozen = {n for n, day in enumerate(walk.dates) if first <= day < after_last}
    name = f"{seed}: frozen from {first} until {after_last} in {walk.zone}"
    if window is None:
        return Outcome(name, "" if not frozen else "no window", seconds)
    if minutes_between(walk.begins, window.starts_at, window.ends_at) != frozen:
        return Outcome(name, f"{window} is not those {len(frozen)} minutes", seconds)
    edge = rng.choice((window.starts_at, window.ends_at))
    starts_at = edge + rng.randint(-90, 90) * MINUTE
    run = Window(starts_at, starts_at + rng.randint(1, 120) * MINUTE)
    busy = minutes_between(walk.begins, run.starts_at, run.ends_at)
    freeze = FreezeFacts(1, "f", window, frozenset(), frozenset(), frozenset())
    hits = freezes_touching([freeze], run, environment="dev", account_ids=["1"], team_id=1)
    if bool(hits) != bool(busy & frozen):
        return Outcome(name, f"{run} touches {len(busy & frozen)} frozen minutes", seconds)
    is_inside = (starts_at - walk.begins) // MINUTE in frozen
    if window.contains(starts_at) != is_inside:
        return Outcome(name, f"contains({starts_at}) is not {is_inside}", seconds)
    return Outcome(name, "", seconds)


# -- Rules that were made to be slow ---------------------------------------------------------

BOMBS = (
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=366;BYMONTHDAY=31;BYMONTH=2",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=500",
    "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMONTHDAY=31;BYMONTH=2;COUNT=500",
    "FREQ=YEARLY;BYDAY=5MO,5TU,5WE,5TH,5FR,5SA,5SU;BYSETPOS=300",
    "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366;COUNT=500",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;INTERVAL=366",
    "FREQ=WEEKLY;INTERVAL=366;BYDAY=MO;BYMONTH=2;COUNT=500",
)


def slowest_of_bombs() -> list[tuple[float, str]]:
    """How long each takes, from the oldest start it may have; refused ones take no longer."""
    found = []
    for text in BOMBS:
        rule = Rule(text, "Europe/Berlin", datetime(1970, 1, 1, 2, 30), 3600)
        began = clock.thread_time()
        with suppress(Invalid):
            occurrences(
                rule,
                after=datetime(2026, 1, 1, tzinfo=UTC),
                until=datetime(2028, 1, 1, tzinfo=UTC),
                limit=500,
            )
        found.append((clock.thread_time() - began, text))
    return sorted(found, reverse=True)
