"""Incidents reported by other tools, one call for all of it: open, change, stop, resolve.

Called by the API; resolving by pages, too. It stands above services.stop because an incident
may stop what runs; it is written down first, so that nothing starts meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.freezes import FreezeScope, environment_problems
from exercises.models import CloudAccount, Exercise, Incident, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now
from exercises.models.incidents import SEVERITIES
from exercises.permissions import authorize
from exercises.queries.incidents import reaches_everything, runs_under, shown_scope
from exercises.queries.live_strip import live_exercises
from exercises.services.audit import record
from exercises.services.stop import StopOutcome, stop_all, stop_run

MAX_SOURCE: Final = 60
MAX_ID: Final = 120
MAX_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of an incident now; what is empty of its scope means all."""

    external_id: str
    title: str
    severity: str
    source: str = ""
    is_resolved: bool = False
    stop: bool = False
    environments: Sequence[str] = ()
    accounts: Sequence[CloudAccount] = ()
    teams: Sequence[Team] = ()

    @property
    def scope(self) -> FreezeScope:
        return FreezeScope(frozenset(team.pk for team in self.teams))


def report_incident(*, actor: Actor, report: Report) -> tuple[Incident, Sequence[StopOutcome]]:
    """Write down what is so now, once for each source and id, and stop what it asks to stop.

    Raises NotAllowed, Invalid (every field at fault).
    """
    authorize(actor, "incident.report", report.scope)
    _check(report)
    if report.stop:
        authorize(actor, "incident.stop", report.scope)
    with transaction.atomic():
        incident = _written(actor, report)
    if not report.stop or report.is_resolved:
        return incident, ()
    return incident, _stop(actor, incident)


def resolve_incident(*, actor: Actor, incident: Incident) -> Incident:
    """It is over; again is once. Raises NotAllowed."""
    authorize(actor, "incident.report", shown_scope(incident))
    with transaction.atomic():
        locked = Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
        if locked.resolved_at is None:
            _resolve(locked, actor)
            locked.save(update_fields=["resolved_at", "resolved_by", "changed_at"])
            record(actor, "incident.resolve", locked, title=locked.title)
    return locked


def _written(actor: Actor, report: Report) -> Incident:
    now = database_now()
    row, is_new = Incident.objects.get_or_create(
        source=report.source.strip(),
        external_id=report.external_id.strip(),
        defaults={
            "title": report.title.strip(),
            "severity": report.severity,
            "reported_by_id": actor.person_id,
            "opened_at": now,
            "changed_at": now,
        },
    )
    row = Incident.objects.select_for_update(no_key=True).get(pk=row.pk)
    if not is_new:
        # Whom it concerned before is asked, too: nobody takes over what is not theirs.
        authorize(actor, "incident.report", shown_scope(row))
    row.title, row.severity, row.changed_at = report.title.strip(), report.severity, now
    row.environments, row.stops = sorted(set(report.environments)), report.stop
    if report.is_resolved:
        _resolve(row, actor)
    elif row.resolved_at is not None:
        row.opened_at, row.resolved_at, row.resolved_by = now, None, None
    row.save(
        update_fields=[
            "title", "severity", "environments", "stops", "opened_at", "changed_at",
            "resolved_at", "resolved_by",
        ]
    )  # fmt: skip
    row.accounts.set(report.accounts)
    row.teams.set(report.teams)
    state = "resolve" if report.is_resolved else "report"
    record(actor, f"incident.{state}", row, title=row.title, severity=row.severity, stop=row.stops)
    return row


def _resolve(incident: Incident, actor: Actor) -> None:
    if incident.resolved_at is None:
        incident.resolved_at, incident.resolved_by_id = database_now(), actor.user_id
        incident.changed_at = incident.resolved_at


def _stop(actor: Actor, incident: Incident) -> Sequence[StopOutcome]:
    """Everything of every exercise that is live, or the runs that lie in a narrower scope."""
    reason = f"Incident {incident.external_id}: {incident.title}"
    found: list[StopOutcome] = []
    if reaches_everything(incident):
        slugs = [strip.slug for strip in live_exercises(actor, database_now())]
        for exercise in Exercise.objects.filter(slug__in=slugs).order_by("pk"):
            found += stop_all(actor=actor, exercise=exercise, reason=reason)
        return found
    return [stop_run(actor=actor, run=run, reason=reason) for run in runs_under(incident)]


def _check(report: Report) -> None:
    problems: list[tuple[str, str]] = []
    for field, text, least, most in (
        ("external_id", report.external_id, 1, MAX_ID),
        ("title", report.title, 1, MAX_TITLE),
        ("source", report.source, 0, MAX_SOURCE),
    ):
        if not least <= len(text.strip()) <= most:
            problems.append((field, f"{least} to {most} characters"))
    if report.severity not in dict(SEVERITIES):
        problems.append(("severity", f"one of {', '.join(dict(SEVERITIES))}"))
    problems += environment_problems(report.environments, dict(ENVIRONMENTS))
    if problems:
        raise Invalid.of(problems)
