"""The numbers of the programme report, from facts alone: the same facts give the same report.

`queries.report` gathers the facts; the page, the CSV and the API show what comes out. What
each number means is said beside the function that works it out, and on the page.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from exercises.domain.report_periods import LENGTH, Month, Period
from exercises.domain.resilience_score import Scored, score_of_all
from exercises.domain.verdicts import RunVerdict

COVERAGE_GOAL: Final = 80
"""Percent of the critical applications that take part in three months."""
IN_TIME_GOAL: Final = 90
"""Percent of the findings that are verified by the day they were due."""
TREND: Final = 8
"""Points of the line beside a number: three months each, a month apart."""
SCORES: Final = 4
"""Points of the line beside the resilience score, three months apart."""
CRITICAL_TIER: Final = 1

_JUDGED: Final = frozenset({RunVerdict.HELD.value, RunVerdict.NOT_HELD.value})


@dataclass(frozen=True, slots=True)
class RunFact:
    """A run that really started. `outside_s` are the planned seconds until the steady state
    was back: 0 when it was never left, None when it did not come back or nobody can say.
    `detected_s` are those from the fault to the first reading outside, None without one."""

    month: Month
    application_id: int
    is_production: bool
    verdict: str
    outside_s: float | None
    detected_s: float | None = None


@dataclass(frozen=True, slots=True)
class ApplicationFact:
    id: int
    name: str
    team_id: int
    team_name: str
    tier: int


@dataclass(frozen=True, slots=True)
class FindingFact:
    """A finding that was accepted as one. `verified_on` is the day a re-run proved it fixed."""

    id: int
    severity: int
    found_on: date
    due_on: date | None
    verified_on: date | None


@dataclass(frozen=True, slots=True)
class OverrideFact:
    """A level of the confidence ladder that a person opened without its evidence."""

    slug: str
    application: str
    family: str
    level: int
    by: str
    reason: str
    granted_on: date
    until: date


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report counts. `as_of` is the last day it knows of."""

    as_of: date
    runs: Sequence[RunFact]
    applications: Sequence[ApplicationFact]
    findings: Sequence[FindingFact]
    frozen: frozenset[tuple[int, Month]] = frozenset()
    """Teams, and months of which a freeze of theirs takes at least half."""
    overrides: Sequence[OverrideFact] = ()
    scored: Sequence[Scored] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None


@dataclass(frozen=True, slots=True)
class Trend:
    """A value, what it was three months before, and the line that led to it."""

    now: float | None
    before: float | None
    line: tuple[float, ...]

    @property
    def change(self) -> float | None:
        return None if self.now is None or self.before is None else self.now - self.before


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team's months: how many runs; None for a frozen or a coming month."""

    team_id: int
    name: str
    months: tuple[int | None, ...]
    is_frozen: tuple[bool, ...]
    exercised: Share
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdicts of a month's runs in production."""

    month: Month
    held: int
    not_held: int
    inconclusive: int

    @property
    def total(self) -> int:
        return self.held + self.not_held + self.inconclusive


@dataclass(frozen=True, slots=True)
class AgeRow:
    """Open findings of one severity, by how long ago they were found."""

    severity: int
    counts: tuple[int, ...]
    overdue: int


AGES: Final = ((30, "under 30 days"), (90, "30 to 90 days"), (None, "over 90 days"))


@dataclass(frozen=True, slots=True)
class Report:
    period: Period
    as_of: date
    coverage: Share
    coverage_trend: Trend
    held: Share
    held_trend: Trend
    in_time: Share
    in_time_trend: Trend
    overdue: int
    recovery: Trend
    recoveries: int
    never_exercised: tuple[ApplicationFact, ...]
    teams: tuple[TeamRow, ...]
    outcomes: tuple[Outcome, ...]
    recovery_by_month: tuple[float | None, ...]
    ages: tuple[AgeRow, ...]
    score: Trend
    detection: Trend
    detections: int
    detection_by_month: tuple[float | None, ...]
    overrides: tuple[OverrideFact, ...] = ()


def report(period: Period, facts: Facts) -> Report:
    """Work out every number of one period."""
    of_month: dict[Month, list[RunFact]] = defaultdict(list)
    for run in facts.runs:
        of_month[run.month].append(run)

    def runs(p: Period) -> list[RunFact]:
        return [run for month in p.months for run in of_month[month]]

    def covered(p: Period) -> Share:
        return coverage(replace(facts, runs=runs(p)), p)

    return Report(
        period=period,
        as_of=facts.as_of,
        coverage=covered(period),
        coverage_trend=_trend(period, lambda p: covered(p).percent),
        held=held(runs(period), period),
        held_trend=_trend(period, lambda p: held(runs(p), p).percent),
        in_time=in_time(facts, period),
        in_time_trend=_trend(period, lambda p: in_time(facts, p).percent),
        overdue=sum(_is_overdue(finding, facts.as_of) for finding in facts.findings),
        recovery=_trend(period, lambda p: _median(recovery_times(runs(p)))),
        recoveries=len(recovery_times(runs(period))),
        never_exercised=never_exercised(facts),
        teams=_teams(period, facts),
        outcomes=tuple(_outcome(month, of_month[month]) for month in period.year),
        recovery_by_month=tuple(_median(recovery_times(of_month[m])) for m in period.year),
        ages=_ages(facts),
        overrides=overrides_in(facts.overrides, period),
        score=_score(period, facts),
        detection=_trend(period, lambda p: _median(detection_times(runs(p)))),
        detections=len(detection_times(runs(period))),
        detection_by_month=tuple(_median(detection_times(of_month[m])) for m in period.year),
    )


def overrides_in(overrides: Iterable[OverrideFact], period: Period) -> tuple[OverrideFact, ...]:
    """The overrides that were in force on a day of the period, the newest first."""
    begins, ends = period.first.first_day, period.last.plus(1).first_day
    found = [o for o in overrides if o.granted_on < ends and o.until >= begins]
    return tuple(sorted(found, key=lambda o: (o.granted_on, o.slug, o.family), reverse=True))


def coverage(facts: Facts, period: Period) -> Share:
    """Critical applications (tier 1) with at least one run in the period, of all of them."""
    months = frozenset(period.months)
    ran = {run.application_id for run in facts.runs if run.month in months}
    critical = [a for a in facts.applications if a.tier == CRITICAL_TIER]
    return Share(sum(a.id in ran for a in critical), len(critical))


def held(runs: Iterable[RunFact], period: Period) -> Share:
    """Runs whose hypothesis held, of those with a verdict that says held or not held."""
    months = frozenset(period.months)
    verdicts = [r.verdict for r in runs if r.month in months and r.verdict in _JUDGED]
    return Share(verdicts.count(RunVerdict.HELD.value), len(verdicts))


def in_time(facts: Facts, period: Period) -> Share:
    """Findings verified by the day they were due, of those due in the period so far."""
    end = min(period.last.plus(1).first_day, facts.as_of)
    due = [f for f in facts.findings if f.due_on and period.first.first_day <= f.due_on < end]
    return Share(sum(_is_in_time(f) for f in due), len(due))


def recovery_times(runs: Iterable[RunFact]) -> list[float]:
    """Planned seconds outside the steady state, of each run that left it and came back."""
    return [run.outside_s for run in runs if run.outside_s]


def detection_times(runs: Iterable[RunFact]) -> list[float]:
    """Planned seconds from the fault to the first reading outside, of each run that left."""
    return [run.detected_s for run in runs if run.detected_s is not None]


def score_days(period: Period, as_of: date) -> list[date]:
    """The days that the score's line shows: the last of this period and of those before."""
    return [
        min(period.earlier(LENGTH * step).last_day, as_of) for step in range(SCORES - 1, -1, -1)
    ]


def _score(period: Period, facts: Facts) -> Trend:
    """The resilience score of all applications."""
    line = [score_of_all(facts.scored, day) for day in score_days(period, facts.as_of)]
    return Trend(line[-1], line[-2], tuple(value for value in line if value is not None))


def never_exercised(facts: Facts) -> tuple[ApplicationFact, ...]:
    """Critical applications without any run in the facts (the last twelve months)."""
    ran = {run.application_id for run in facts.runs}
    return tuple(a for a in facts.applications if a.tier == CRITICAL_TIER and a.id not in ran)


def _median(times: Sequence[float]) -> float | None:
    return statistics.median(times) if times else None


def _trend(period: Period, value: Callable[[Period], float | None]) -> Trend:
    line = [value(period.earlier(step)) for step in range(TREND - 1, -1, -1)]
    known = tuple(float(v) for v in line if v is not None)
    return Trend(now=line[-1], before=value(period.before), line=known)


def _is_in_time(finding: FindingFact) -> bool:
    return bool(finding.verified_on and finding.due_on and finding.verified_on <= finding.due_on)


def _is_open(finding: FindingFact, as_of: date) -> bool:
    return finding.found_on <= as_of and (
        finding.verified_on is None or finding.verified_on > as_of
    )


def _is_overdue(finding: FindingFact, as_of: date) -> bool:
    return bool(finding.due_on and finding.due_on < as_of and _is_open(finding, as_of))


def _teams(period: Period, facts: Facts) -> tuple[TeamRow, ...]:
    """Busiest first, so that who is missing stands together at the end."""
    of_team: dict[tuple[int, str], list[ApplicationFact]] = defaultdict(list)
    for application in facts.applications:
        of_team[application.team_id, application.team_name].append(application)
    owner = {a.id: a.team_id for a in facts.applications}
    counts = Counter((owner.get(r.application_id), r.month) for r in facts.runs)
    ran = {run.application_id for run in facts.runs}
    rows = [
        _team_row(team_id, name, applications, period, facts, counts, ran)
        for (team_id, name), applications in of_team.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-sum(n or 0 for n in row.months), row.name)))


def _team_row(
    team_id: int,
    name: str,
    applications: Sequence[ApplicationFact],
    period: Period,
    facts: Facts,
    counts: Counter[tuple[int | None, Month]],
    ran: set[int],
) -> TeamRow:
    frozen = tuple(
        (team_id, month) in facts.frozen and not counts[team_id, month] for month in period.year
    )
    return TeamRow(
        team_id=team_id,
        name=name,
        months=tuple(
            None if is_frozen or month.first_day > facts.as_of else counts[team_id, month]
            for month, is_frozen in zip(period.year, frozen, strict=True)
        ),
        is_frozen=frozen,
        exercised=Share(sum(a.id in ran for a in applications), len(applications)),
        score=score_of_all(
            (one for one in facts.scored if one.team_id == team_id),
            min(period.last_day, facts.as_of),
        ),
    )


def _outcome(month: Month, runs: Iterable[RunFact]) -> Outcome:
    verdicts = [run.verdict for run in runs if run.is_production]
    return Outcome(
        month,
        held=verdicts.count(RunVerdict.HELD.value),
        not_held=verdicts.count(RunVerdict.NOT_HELD.value),
        inconclusive=verdicts.count(RunVerdict.INCONCLUSIVE.value),
    )


def _ages(facts: Facts) -> tuple[AgeRow, ...]:
    rows = []
    for severity in (3, 2, 1):
        found = [f for f in facts.findings if f.severity == severity and _is_open(f, facts.as_of)]
        days = [(facts.as_of - f.found_on).days for f in found]
        counts, least = [], 0
        for most, _ in AGES:
            counts.append(sum(least <= d and (most is None or d < most) for d in days))
            least = most or least
        overdue = sum(_is_overdue(f, facts.as_of) for f in found)
        rows.append(AgeRow(severity, tuple(counts), overdue))
    return tuple(rows)


def headline(numbers: Report) -> str:
    """What the numbers say in a few words, until a person says it better."""
    tested, faster = numbers.coverage_trend.change, numbers.recovery.change
    if not any(outcome.total for outcome in numbers.outcomes) and not numbers.coverage.part:
        return "Nothing was exercised yet"
    first = _direction(tested, "We test more", "We test less", "We test as much as before")
    second = _direction(-faster if faster is not None else None, "recover faster", "recover slower")
    if not second:
        return first
    joined = ", and " if (tested or 0) >= 0 and (faster or 0) <= 0 else ", but "
    return first + joined + second


def _direction(change: float | None, up: str, down: str, same: str = "") -> str:
    if not change:
        return same
    return up if change > 0 else down
