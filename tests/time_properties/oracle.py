"""What should come out, found by walking every minute of a span in a zone.

Shares no code with the product. A minute belongs to the rule when its local date is a day of
the rule, asked day by day from the words of RFC 5545, and its clock shows the rule's time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Spoken:
    """A rule in the words of the case, before it is written as an RRULE."""

    freq: str
    start: datetime
    interval: int = 1
    count: int = 0
    until: date | None = None
    byday: tuple[tuple[int, str], ...] = ()
    bymonthday: tuple[int, ...] = ()
    bymonth: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: str = "MO"

    def text(self) -> str:
        days = [f"{n or ''}{name}" for n, name in self.byday]
        named = {
            "INTERVAL": str(self.interval) if self.interval > 1 else "",
            "COUNT": str(self.count or ""),
            "UNTIL": f"{self.until:%Y%m%d}" if self.until else "",
            "BYDAY": ",".join(days),
            "BYMONTHDAY": ",".join(map(str, self.bymonthday)),
            "BYMONTH": ",".join(map(str, self.bymonth)),
            "BYSETPOS": ",".join(map(str, self.bysetpos)),
            "WKST": self.wkst if self.wkst != "MO" else "",
        }
        return ";".join([f"FREQ={self.freq}", *(f"{k}={v}" for k, v in named.items() if v)])


@dataclass
class Walk:
    """Every minute of a span: what the clock showed, and where it jumped."""

    zone: str
    begins: datetime
    minutes: int
    shown: dict[time, list[tuple[datetime, date]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    jumps: list[tuple[datetime, datetime, datetime]] = field(default_factory=list)
    dates: list[date] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shown = defaultdict(list)
        zone = ZoneInfo(self.zone)
        before: datetime | None = None
        for number in range(self.minutes):
            instant = self.begins + number * MINUTE
            local = instant.astimezone(zone).replace(tzinfo=None, fold=0)
            self.shown[local.time()].append((instant, local.date()))
            self.dates.append(local.date())
            if before is not None and local > before + MINUTE:
                self.jumps.append((instant, before + MINUTE, local))
            before = local

    @property
    def ends(self) -> datetime:
        return self.begins + self.minutes * MINUTE

    def at(self, clock: time) -> Iterator[tuple[datetime, date, bool]]:
        """Each local date's first minute that shows `clock`; where the clocks skip it, the
        minute as far behind the gap's end as it lies behind its beginning."""
        seen: set[date] = set()
        for instant, day in self.shown[clock]:
            if day not in seen:
                seen.add(day)
                yield instant, day, False
        for instant, opens, closes in self.jumps:
            day = opens.date()
            while day <= closes.date():
                skipped = datetime.combine(day, clock)
                if opens <= skipped < closes and day not in seen:
                    yield instant + (skipped - opens), day, True
                day += DAY


def expected(rule: Spoken, walk: Walk, after: datetime) -> list[tuple[datetime, date, bool]]:
    """Occurrences later than `after` in the walk: the instant, its local day, is it shifted."""
    found: dict[datetime, tuple[datetime, date, bool]] = {}
    for instant, day, is_shifted in sorted(walk.at(rule.start.time()), key=lambda x: (x[0], x[1])):
        if after < instant < walk.ends and is_day_of(rule, day):
            found.setdefault(instant, (instant, day, is_shifted))
    return list(found.values())


def is_day_of(rule: Spoken, day: date) -> bool:
    if day < rule.start.date() or (rule.until and day > rule.until):
        return False
    if not _is_selected(rule, day):
        return False
    if not rule.count:
        return True
    earlier, number = rule.start.date(), 0
    while earlier <= day:
        number += _is_selected(rule, earlier)
        earlier += DAY
    return number <= rule.count


@lru_cache(maxsize=200_000)
def _is_selected(rule: Spoken, day: date) -> bool:
    if not _is_candidate(rule, day):
        return False
    if not rule.bysetpos:
        return True
    same = [other for other in _period(rule, day) if _is_candidate(rule, other)]
    place = same.index(day)
    return place + 1 in rule.bysetpos or place - len(same) in rule.bysetpos


def _period(rule: Spoken, day: date) -> list[date]:
    """All days of the day's own day, week, month or year."""
    if rule.freq == "DAILY":
        return [day]
    if rule.freq == "WEEKLY":
        while NAMES[day.weekday()] != rule.wkst:
            day -= DAY
        return [day + number * DAY for number in range(7)]
    around = [day + number * DAY for number in range(-366, 367)]
    if rule.freq == "MONTHLY":
        return [d for d in around if (d.year, d.month) == (day.year, day.month)]
    return [d for d in around if d.year == day.year]


def _is_candidate(rule: Spoken, day: date) -> bool:
    start = rule.start.date()
    if rule.freq == "DAILY":
        apart = (day - start).days
    elif rule.freq == "WEEKLY":
        apart = (_period(rule, day)[0] - _period(rule, start)[0]).days // 7
    elif rule.freq == "MONTHLY":
        apart = 12 * (day.year - start.year) + (day.month - start.month)
    else:
        apart = day.year - start.year
    if apart % rule.interval:
        return False
    if rule.bymonth and day.month not in rule.bymonth:
        return False
    if rule.bymonthday:
        last = (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
        if day.day not in rule.bymonthday and day.day - last.day - 1 not in rule.bymonthday:
            return False
    if rule.byday:
        return any(_is_named(rule, day, n, name) for n, name in rule.byday)
    return bool(rule.bymonthday) or _is_like_the_start(rule, day)


def _is_like_the_start(rule: Spoken, day: date) -> bool:
    start = rule.start.date()
    if rule.freq == "DAILY":
        return True
    if rule.freq == "WEEKLY":
        return day.weekday() == start.weekday()
    if rule.freq == "YEARLY" and not rule.bymonth and day.month != start.month:
        return False
    return day.day == start.day


def _is_named(rule: Spoken, day: date, n: int, name: str) -> bool:
    if NAMES[day.weekday()] != name:
        return False
    if not n:
        return True
    step = 7 * DAY * (1 if n > 0 else -1)
    for _ in range(abs(n) - 1):
        day -= step
    inside, outside = day, day - step
    if rule.freq == "YEARLY" and not rule.bymonth:
        return inside.year == (inside + (abs(n) - 1) * step).year and outside.year != inside.year
    whole = inside + (abs(n) - 1) * step
    return (inside.year, inside.month) == (whole.year, whole.month) and (
        outside.month != inside.month
    )


def minutes_between(begins: datetime, starts_at: datetime, ends_at: datetime) -> set[int]:
    """The numbers of the minutes that lie in a span."""
    first = (starts_at - begins) // MINUTE
    return set(range(first, (ends_at - begins) // MINUTE))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
