"""Who is asked before a start, and what they said: rows only, the start gate waits for nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from exercises.domain.errors import Refusal
from exercises.models import Experiment, Run, StartAnswer, WebhookEndpoint

FRESH_FOR: Final = timedelta(seconds=60)
"""An answer is for the start that it was asked for, not for one much later."""


def asked_before(experiment: Experiment) -> QuerySet[WebhookEndpoint]:
    """Those of its team and of the organisation. Switched off, they are asked all the same:
    what failed for days must not let through what it was there to hold."""
    return WebhookEndpoint.objects.filter(
        Q(team__isnull=True) | Q(team=experiment.application.team_id),
        is_asked=True,
        removed_at__isnull=True,
    )


def hook_refusals(run: Run, *, now: datetime) -> tuple[Refusal, ...]:
    """One for each that says no, did not answer, or was not asked just now."""
    endpoints = list(asked_before(run.experiment))
    if not endpoints:
        return ()
    rows = StartAnswer.objects.filter(run=run, asked_at__gt=now - FRESH_FOR)
    answers = {row.endpoint_id: row for row in rows}
    found = ((endpoint, answers.get(endpoint.pk)) for endpoint in endpoints)
    return tuple(_refusal(e, answer) for e, answer in found if answer is None or not answer.allows)


def _refusal(endpoint: WebhookEndpoint, answer: StartAnswer | None) -> Refusal:
    because = answer.reason if answer else "It was not asked right before the start."
    return Refusal(
        "hook.no",
        f"{endpoint.description or endpoint.host} does not allow this start: {because}",
        "Ask who runs it, or have a webhook that is asked before starts taken away.",
    )
