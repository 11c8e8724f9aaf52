"""Other programs of the demo: a webhook that is off, because nobody is there, and an incident
that is over. Called by demo.world."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from exercises.domain.actors import Door
from exercises.models import Incident, Team, User, WebhookEndpoint
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.services.webhooks import add_endpoint, switch_endpoint

RECEIVER: Final = "https://ci.example.org/hooks/chaosplane"


def seed_connected(lead: User, team: Team) -> None:
    """Once; a demo that is started again finds them."""
    if not WebhookEndpoint.objects.filter(url=RECEIVER).exists():
        actor = actor_for(lead, Door.CLI)
        endpoint, _ = add_endpoint(
            actor=actor,
            url=RECEIVER,
            events=["run.judged", "finding.drafted", "finding.verified"],
            description="Delivery pipeline",
            team=team,
        )
        switch_endpoint(actor=actor, endpoint=endpoint, on=False)
    now = database_now()
    Incident.objects.get_or_create(
        source="pager",
        external_id="1042",
        defaults={
            "title": "Dashboards load slowly",
            "severity": "low",
            "environments": ["dev"],
            "reported_by": lead,
            "opened_at": now - timedelta(days=3),
            "changed_at": now - timedelta(days=3, hours=-2),
            "resolved_at": now - timedelta(days=3, hours=-2),
            "resolved_by": lead,
        },
    )
