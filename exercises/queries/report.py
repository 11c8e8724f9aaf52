"""What the programme report counts, read in a constant number of queries.

The page, the CSV and the API ask here, so that they say the same. Rehearsals do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Func, JSONField, Max, Min, Q, QuerySet
from django.db.models.functions import TruncDate, TruncMonth

from exercises.domain.actors import Actor
from exercises.domain.finding_states import FindingState
from exercises.domain.report_numbers import (
    ApplicationFact,
    Facts,
    FindingFact,
    OverrideFact,
    Report,
    RunFact,
    headline,
    report,
    score_days,
)
from exercises.domain.report_periods import Month, Period, month_of, quarters
from exercises.domain.verdicts import RunVerdict
from exercises.models import (
    Application,
    Finding,
    FindingNote,
    FreezeWindow,
    LadderOverride,
    Programme,
    ReportBrief,
    Run,
)
from exercises.queries.naming import names_now
from exercises.queries.organisation_day import organisation_zone
from exercises.queries.score import scored_applications

NOT_FINDINGS: Final = (FindingState.DRAFT.value, FindingState.DISMISSED.value)
MOST_TOLD: Final = 3
_JUDGED: Final = {RunVerdict.HELD.value, RunVerdict.NOT_HELD.value}
_VERIFIED: Final = FindingState.VERIFIED.value


class _Probes(Func):
    """One field of every probe's judgement, as an array (PostgreSQL, "JSON Functions")."""

    function = "jsonb_path_query_array"
    template = "%(function)s(%(expressions)s, '$.probes[*].%(part)s')"
    output_field = JSONField()


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that leadership should know, with the finding behind it, if it is one."""

    severity: int
    title: str
    detail: str
    finding_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The report with its words: numbers, headline, what to know, decisions asked for."""

    numbers: Report
    programme: str
    headline: str
    is_worded: bool
    brief: ReportBrief | None
    told: Sequence[Told]
    zone: str

    @property
    def is_empty(self) -> bool:
        return not any(outcome.total for outcome in self.numbers.outcomes) and not any(
            sum(count or 0 for count in team.months) for team in self.numbers.teams
        )


def report_page(period: Period, *, now: datetime) -> ReportPage:
    zone = organisation_zone()
    facts = facts_of(period, zone=zone, now=now)
    numbers = report(period, facts)
    brief = ReportBrief.objects.filter(period=period.key).select_related("author").first()
    programmes = list(Programme.objects.order_by("id").values_list("name", flat=True)[:2])
    return ReportPage(
        numbers=numbers,
        programme=programmes[0] if len(programmes) == 1 else "All programmes",
        headline=(brief.headline if brief else "") or headline(numbers),
        is_worded=bool(brief and brief.headline),
        brief=brief,
        told=_told(numbers, zone),
        zone=zone.key,
    )


def periods_with_runs(*, now: datetime) -> list[Period]:
    """Every quarter since the first run, newest first."""
    zone = organisation_zone()
    first = _real_runs().aggregate(first=Min("started_at"))["first"]
    if first is None:
        return []
    return quarters(first.astimezone(zone).date(), now.astimezone(zone).date())


def facts_of(period: Period, *, zone: ZoneInfo, now: datetime) -> Facts:
    """The facts of the twelve months up to the end of the period, or up to now."""
    starts_at, ends_at = period.year[0].starts_at(zone), period.last.plus(1).starts_at(zone)
    applications = tuple(
        ApplicationFact(*row)
        for row in Application.objects.order_by("name").values_list(
            "id", "name", "team_id", "team__name", "tier"
        )
    )
    last_day = min(now, ends_at - timedelta(seconds=1)).astimezone(zone).date()
    return Facts(
        as_of=last_day,
        runs=tuple(_runs(starts_at, ends_at, zone)),
        applications=applications,
        findings=tuple(_findings(zone)),
        frozen=_frozen({a.team_id for a in applications}, period, zone),
        overrides=tuple(_overrides(zone)),
        scored=tuple(
            row.scored for row in scored_applications(zone, days=score_days(period, last_day))
        ),
    )


def runs_behind(actor: Actor, starts_at: datetime, ends_at: datetime) -> QuerySet[Run]:
    """The rows behind the numbers, as far as this person sees them."""
    return (
        _real_runs()
        .filter(started_at__gte=starts_at, started_at__lt=ends_at)
        .filter(pk__in=Run.objects.visible_to(actor).values("pk"))
        .select_related(
            "experiment__application__team",
            "experiment__exercise",
            "experiment__deployment__place__account",
        )
        .order_by("-started_at", "id")
    )


def _real_runs() -> QuerySet[Run]:
    return Run.objects.filter(is_rehearsal=False, started_at__isnull=False)


def _runs(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> list[RunFact]:
    rows = (
        _real_runs()
        .filter(started_at__gte=starts_at, started_at__lt=ends_at)
        .order_by("started_at", "id")
        .values_list(
            TruncMonth("started_at", tzinfo=zone),
            "experiment__application_id",
            "experiment__deployment__place__account__environment",
            "verdict",
            _Probes("judgement", part="longest_outside_s"),
            _Probes("judgement", part="recovered"),
            "started_at",
            "is_imported",
            _Probes("judgement", part="first_outside"),
            _Probes("judgement", part="outside_from"),
        )
    )
    return [
        RunFact(
            month=month_of(month),
            application_id=application_id,
            is_production=environment == "production",
            verdict=verdict,
            outside_s=_outside_s(verdict, spans, recovered),
            detected_s=detected_s(started_at, first or longest, is_imported=is_imported),
        )
        for (
            month,
            application_id,
            environment,
            verdict,
            spans,
            recovered,
            started_at,
            is_imported,
            first,
            longest,
        ) in rows
    ]


def _outside_s(verdict: str, spans: list[Any], recovered: list[Any]) -> float | None:
    if verdict not in _JUDGED or not spans or not all(recovered):
        return None
    return float(max(span or 0 for span in spans))


def detected_s(started_at: datetime, left: list[Any], *, is_imported: bool) -> float | None:
    """Planned seconds from the fault to the first reading outside; None when none was.

    Times of readings are those of the wall, which a simulated estate may speed up.
    """
    moments = [datetime.fromisoformat(at) for at in left if at]
    if not moments:
        return None
    speed = 1.0 if is_imported else settings.CHAOSPLANE_TIME_SPEED
    return max(0.0, (min(moments) - started_at).total_seconds() * speed)


def _findings(zone: ZoneInfo) -> list[FindingFact]:
    verified = dict(
        FindingNote.objects.filter(to_state=_VERIFIED)
        .values_list("finding_id")
        .annotate(on=TruncDate(Max("at"), tzinfo=zone))
    )
    rows = (
        Finding.objects.exclude(state__in=NOT_FINDINGS)
        .order_by("id")
        .values_list("id", "severity", TruncDate("created_at", tzinfo=zone), "due_on", "state")
    )
    return [
        FindingFact(
            id=pk,
            severity=severity,
            found_on=found_on,
            due_on=due_on,
            verified_on=verified.get(pk) if state == _VERIFIED else None,
        )
        for pk, severity, found_on, due_on, state in rows
    ]


def _overrides(zone: ZoneInfo) -> list[OverrideFact]:
    names = names_now()
    rows = LadderOverride.objects.select_related("application", "granted_by").order_by("id")
    return [
        OverrideFact(
            slug=row.application.slug,
            application=row.application.name,
            family=row.failure_family,
            level=row.level,
            by=names.of(row.granted_by),
            reason=names.text(row.reason),
            granted_on=row.granted_at.astimezone(zone).date(),
            until=row.valid_until.astimezone(zone).date(),
        )
        for row in rows
    ]


def _frozen(teams: set[int], period: Period, zone: ZoneInfo) -> frozenset[tuple[int, Month]]:
    """Teams and months of which one freeze takes at least half."""
    found = set()
    freezes = FreezeWindow.objects.filter(lifted_at__isnull=True).prefetch_related(
        "teams", "accounts"
    )
    for freeze in freezes:
        scope = {team.pk for team in freeze.teams.all()} or (
            set() if freeze.accounts.all() else teams
        )
        for month in period.year:
            begins, ends = month.starts_at(zone), month.plus(1).starts_at(zone)
            covered = min(freeze.ends_at, ends) - max(freeze.starts_at, begins)
            if covered * 2 >= ends - begins:
                found |= {(team, month) for team in scope}
    return frozenset(found)


def _told(numbers: Report, zone: ZoneInfo) -> list[Told]:
    """The gravest findings that are open or were proved fixed in the period, and who is
    missing."""
    period, as_of = numbers.period, numbers.as_of
    begins = datetime.combine(period.first.first_day, datetime.min.time(), tzinfo=zone)
    ends = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    verified = dict(
        FindingNote.objects.filter(to_state=_VERIFIED, at__gte=begins, at__lt=ends)
        .order_by("at")
        .values_list("finding_id", "at")
    )
    rows = (
        Finding.objects.exclude(state__in=NOT_FINDINGS)
        .filter(~Q(state=_VERIFIED) | Q(pk__in=list(verified)), created_at__lt=ends)
        .select_related("application__team", "exercise")
        .order_by("-severity", "-created_at", "-id")[:MOST_TOLD]
    )
    names = names_now()
    told = [
        Told(
            row.severity,
            names.text(row.title),
            _story(row, verified.get(row.pk), as_of, zone),
            row.pk,
        )
        for row in rows
    ]
    missing = numbers.never_exercised
    if missing:
        teams = len({application.team_id for application in missing})
        told.append(
            Told(
                2,
                f"{_count(len(missing), 'critical application')} took no part in twelve months",
                f"Of {_count(teams, 'team')}: {_names([a.name for a in missing])}.",
            )
        )
    return told


def _story(finding: Finding, verified_at: datetime | None, as_of: date, zone: ZoneInfo) -> str:
    found = f"Found in {finding.found_in}"
    owner = f"Owner: {finding.application.team.name}."
    if finding.state == _VERIFIED and verified_at is not None:
        day = verified_at.astimezone(zone).date()
        return f"{found}, fixed, and a run held on {day:%-d %B}. {owner}"
    state = FindingState(finding.state).label.lower()
    due = ""
    if finding.due_on:
        late = " (overdue)" if finding.due_on < as_of else ""
        due = f" Due {finding.due_on:%-d %B}{late}."
    return f"{found}; {state}.{due} {owner}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_TOLD])
    rest = len(names) - MOST_TOLD
    return f"{shown} and {rest} more" if rest > 0 else shown
