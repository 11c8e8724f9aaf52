"""Open incidents and what they hold: asked by the start gate, the guardrails, lists and strips."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

from django.db.models import QuerySet

from exercises.domain.freezes import FreezeScope
from exercises.models import Experiment, Incident, Run
from exercises.queries.live_strip import UNDER_WAY


def open_incidents() -> QuerySet[Incident]:
    return Incident.objects.filter(resolved_at__isnull=True)


def incidents_shown(show: str = "") -> QuerySet[Incident]:
    """Open, resolved, or all; newest first."""
    rows = Incident.objects.select_related("reported_by", "resolved_by").prefetch_related(
        "accounts", "teams"
    )
    if show in {"open", "resolved"}:
        return rows.filter(resolved_at__isnull=show == "open")
    return rows


def incidents_holding(
    experiment: Experiment, incidents: Iterable[Incident] | None = None
) -> list[Incident]:
    """The open incidents in whose scope this experiment lies."""
    if incidents is None:
        incidents = open_incidents().prefetch_related("accounts", "teams")
    environment = experiment.deployment.place.account.environment
    account_ids, team_id = experiment.account_ids, experiment.application.team_id
    return [
        incident
        for incident in incidents
        if (not incident.environments or environment in incident.environments)
        and _names({account.account_id for account in incident.accounts.all()}, account_ids)
        and _names({team.pk for team in incident.teams.all()}, [team_id])
    ]


def _names(chosen: Set[object], any_of: Collection[object]) -> bool:
    """Whether one of these is among the chosen; nothing chosen is all."""
    return not chosen or not chosen.isdisjoint(any_of)


def shown_scope(incident: Incident) -> FreezeScope:
    """Of one whose teams are prefetched, as permissions ask."""
    return FreezeScope(frozenset(team.pk for team in incident.teams.all()))


def runs_under(incident: Incident) -> list[Run]:
    """What the engine may be doing in its scope. What only waits is held by the gate."""
    runs = Run.objects.filter(state__in=UNDER_WAY, is_rehearsal=False).select_related(
        "experiment__exercise",
        "experiment__application",
        "experiment__deployment__place__account",
    )
    return [run for run in runs if incidents_holding(run.experiment, [incident])]


def reaches_everything(incident: Incident) -> bool:
    """Not narrowed at all: the whole organisation."""
    return not (incident.environments or incident.accounts.exists() or incident.teams.exists())
