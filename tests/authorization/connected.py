"""Things of the matrix that other programs have to do with: webhooks, incidents."""

from __future__ import annotations

from exercises.domain.actors import Actor
from exercises.models import OidcIssuer, WebhookDelivery
from exercises.models.due_work import database_now
from exercises.services.incidents import Report, report_incident
from exercises.services.tokens import OF_A_TEAM, SCOPES, issue_token
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


def tokens(cast: Cast, everyone: Actor) -> dict[str, str]:
    """By role: a scope each of somebody who holds every role, and all a team's service has."""
    of_person = {
        f"t{scope[0]}": issue_token(actor=everyone, name=scope, scopes=[scope], days=2)[1]
        for scope in SCOPES
    }
    owner = cast.actor("owner")
    scopes = list(OF_A_TEAM)
    _, of_service = issue_token(actor=owner, name="all", scopes=scopes, days=1, team=cast.team)
    return of_person | {"sv": of_service}


def own_tokens(cast: Cast) -> dict[str, Thing]:
    """One of the owner of the team, and one of its service."""
    owner = cast.actor("owner")
    own, _ = issue_token(actor=owner, name="own", scopes=["read"], days=1)
    other, _ = issue_token(actor=owner, name="team's", scopes=["read"], days=1, team=cast.team)
    return {
        "token": {"number": own.pk, "pk": own.pk},
        "team-token": {"number": other.pk, "pk": other.pk},
        "service": {"slug": cast.team.slug, "team": cast.team.slug},
        "ci-issuer": ci_issuer(cast),
    }


def ci_issuer(cast: Cast) -> Thing:
    """At an address that leads nowhere; whom it lets in is for leads to see."""
    issuer = OidcIssuer.objects.create(
        url="https://ci.example.test",
        audience="https://chaos.example.test",
        created_by=cast.lead,
        keys_tried_at=database_now(),
    )
    issuer.rules.create(
        position=1, team=cast.team, scopes=["read"], conditions=[["repository", f"org/{SECRET}"]]
    )
    return {"pk": issuer.pk, "number": issuer.pk}
