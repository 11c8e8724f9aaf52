"""What an endpoint said when it was asked whether a run may start. The start gate reads it."""

from __future__ import annotations

from django.db import models

from exercises.models.base import Record
from exercises.models.runs import Run
from exercises.models.webhooks import WebhookEndpoint


class StartAnswer(Record):
    """The newest answer of one endpoint for one run; no answer is one that does not allow it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="start_answers")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    allows = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("run", "endpoint"), name="one_answer_a_run"),
        )
