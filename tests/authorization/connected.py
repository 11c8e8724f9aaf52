"""Things of the matrix that other programs have to do with: webhooks, incidents."""

from __future__ import annotations

from exercises.models import WebhookDelivery
from exercises.services.incidents import Report, report_incident
from exercises.services.webhooks import add_endpoint, try_endpoint
from tests.authorization.planned import SECRET, Thing
from tests.cast import Cast


def incidents(cast: Cast) -> dict[str, Thing]:
    lead = cast.actor("lead")
    of_all = Report("1", "The network is down", "high")
    of_team = Report("2", "The store is slow", "low", teams=(cast.team,))
    return {
        name: {"pk": row.pk, "number": row.pk}
        for name, row in (
            ("incident-of-all", report_incident(actor=lead, report=of_all)[0]),
            ("incident", report_incident(actor=lead, report=of_team)[0]),
        )
    }


def webhooks(cast: Cast) -> dict[str, Thing]:
    """Of the team, which its owner set up, and of the organisation; what one was sent."""
    lead = cast.actor("lead")
    url = f"https://receiver.example.test/{SECRET}"
    of_team, _ = add_endpoint(actor=lead, url=url, events=["run.ended"], team=cast.team)
    of_all, _ = add_endpoint(actor=lead, url=url, events=["run.ended"])
    sent = try_endpoint(actor=lead, endpoint=of_team)
    WebhookDelivery.objects.filter(pk=sent.pk).update(state="failed", error=f"Says {SECRET}")
    return {
        "team-webhook": {"pk": of_team.pk, "number": of_team.pk},
        "webhook-of-all": {"pk": of_all.pk, "number": of_all.pk},
        "webhook-delivery": {"pk": sent.pk, "number": sent.pk},
    }
