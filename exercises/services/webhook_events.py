"""Write down what leaves by webhook, in the transaction of what happened.

Stop and start come through here under their locks, so it only inserts, and where nobody asked
for the event it reads one index and is done. services.send_webhooks sends afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q

from exercises.domain.finding_states import FindingState
from exercises.domain.webhooks import OF_FINDING, OF_LINE, EventKind, envelope
from exercises.models import (
    Exercise,
    Experiment,
    Finding,
    RunEvent,
    Team,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from exercises.models.due_work import database_now
from exercises.queries.webhook_bodies import of_exercise, of_experiment, of_finding, of_run


def emit_line(event: RunEvent) -> None:
    """A line of the log, when it is of a kind that leaves the house."""
    kind = OF_LINE.get(event.kind)
    if kind is None or event.exercise.is_imported:
        return
    run = event.run
    if run is None:
        _emit(
            kind,
            f"exercises/{event.exercise.slug}",
            lambda: _teams_of(event.exercise),
            lambda: of_exercise(event.exercise),
        )
    else:
        _emit(
            kind,
            f"runs/{run.pk}",
            lambda: {run.experiment.application.team_id},
            lambda: of_run(run),
        )


def emit_experiment(kind: EventKind, experiment: Experiment, **more: Any) -> None:
    """Something happened to a proposal; `more` is said beside it."""
    _emit(
        kind,
        f"experiments/{experiment.pk}",
        lambda: {experiment.application.team_id},
        lambda: of_experiment(experiment) | more,
    )


def emit_finding(finding: Finding, kind: EventKind | None = None) -> None:
    """A finding is in the state it is in now; `kind` where that is not said by the state."""
    _emit(
        kind or OF_FINDING[FindingState(finding.state)],
        f"findings/{finding.pk}",
        lambda: {finding.application.team_id},
        lambda: of_finding(finding),
    )


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """An event for this endpoint alone, whatever it asked for."""
    data = {"endpoint": endpoint.pk, "description": endpoint.description}
    event = _write(EventKind.TEST, f"webhooks/{endpoint.pk}", data)
    return WebhookDelivery.objects.create(
        event=event, endpoint=endpoint, not_before=event.happened_at
    )


def _emit(
    kind: EventKind,
    subject: str,
    teams: Callable[[], set[int]],
    data: Callable[[], Mapping[str, Any]],
) -> None:
    asked = WebhookEndpoint.objects.filter(
        Q(is_active=True), removed_at__isnull=True, events__contains=[kind.value]
    )
    endpoints = list(asked)
    if any(endpoint.team_id is not None for endpoint in endpoints):
        concerned = teams()
        endpoints = [e for e in endpoints if e.team_id is None or e.team_id in concerned]
    if not endpoints:
        return
    event = _write(kind, subject, data())
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(event=event, endpoint=endpoint, not_before=event.happened_at)
            for endpoint in endpoints
        ]
    )


def _write(kind: EventKind, subject: str, data: Mapping[str, Any]) -> WebhookEvent:
    now, key = database_now(), uuid.uuid4()
    return WebhookEvent.objects.create(
        id=key,
        kind=kind.value,
        subject=subject,
        happened_at=now,
        document=envelope(
            event_id=str(key),
            kind=kind.value,
            source=settings.CHAOSPLANE_BASE_URL,
            subject=subject,
            at=now,
            data=data,
        ),
    )


def _teams_of(exercise: Exercise) -> set[int]:
    """Teams that take part in it, or whose own experiment it is."""
    return set(
        Team.objects.filter(
            Q(applications__participations__exercise=exercise)
            | Q(applications__experiments__exercise=exercise)
        ).values_list("pk", flat=True)
    )
