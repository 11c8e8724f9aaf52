"""An open incident holds what would start where it lies, and stops what runs when it says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import AuditEntry, Exercise, Incident, Run
from exercises.models.due_work import database_now
from exercises.queries.live_strip import live_strip
from exercises.queries.readiness import readiness_of
from exercises.queries.start_gate import refusals
from exercises.services.guardrails import hold_incidents
from exercises.services.incidents import Report, report_incident, resolve_incident
from exercises.services.tokens import issue_token
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db
URL = "/api/v1/incidents/"
SENT: dict[str, Any] = {"external_id": "INC-7", "title": "The network is down", "severity": "high"}


def _report(cast: Cast, by: str = "lead", **changes: Any) -> Incident:
    wanted: dict[str, Any] = SENT | changes
    return report_incident(actor=cast.actor(by), report=Report(**wanted))[0]


def _rules(run: Run) -> set[str]:
    return {r.rule for r in refusals(run, now=run.scheduled_at, target_count=1)}


def _client(cast: Cast, *scopes: str, who: str = "lead") -> APIClient:
    _, secret = issue_token(actor=cast.actor(who), name="pager", scopes=list(scopes), days=1)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_nothing_starts_while_it_is_open(cast: Cast) -> None:
    exercise, run = build.live(cast)
    assert "incident.open" not in _rules(run)
    incident = _report(cast)
    [held] = [r for r in refusals(run, now=run.scheduled_at, target_count=1) if "inc" in r.rule]
    assert "The network is down" in held.because
    items = {item.key: item for item in readiness_of(exercise, now=database_now())}
    assert (items["incident.open"].status, items["incident.open"].detail) == ("fail", SENT["title"])
    strip = live_strip(cast.actor("author"), database_now())
    assert strip is not None
    assert strip.incidents == 1
    resolve_incident(actor=cast.actor("safety"), incident=incident)
    assert "incident.open" not in _rules(run)


def test_it_holds_only_where_it_lies(cast: Cast) -> None:
    _, run = build.live(cast)
    account = run.experiment.deployment.place.account
    other = next(e for e in ("dev", "staging", "production") if e != account.environment)
    elsewhere: list[dict[str, Any]] = [
        {"teams": (cast.other_team,)},
        {"environments": (other,)},
        {"accounts": (account,), "teams": (cast.other_team,)},
    ]
    for number, scope in enumerate(elsewhere):
        _report(cast, external_id=str(number), **scope)
        assert "incident.open" not in _rules(run)
    _report(cast, external_id="here", accounts=(account,), teams=(cast.team,))
    assert "incident.open" in _rules(run)


def test_a_rehearsal_injects_nothing_and_goes_on(cast: Cast) -> None:
    _, run = build.live(cast)
    _report(cast)
    run.is_rehearsal = True
    assert "incident.open" not in _rules(run)


def test_the_same_id_of_the_same_source_is_one_incident(cast: Cast) -> None:
    first = _report(cast)
    again = _report(cast, title="The network is slow", severity="low")
    assert (again.pk, again.title, again.severity) == (first.pk, "The network is slow", "low")
    assert _report(cast, source="pager").pk != first.pk
    over = _report(cast, is_resolved=True)
    assert over.resolved_at is not None
    assert _report(cast).resolved_at is None  # it came back
    assert Incident.objects.count() == 2


def test_owners_report_for_their_own_teams_only(cast: Cast) -> None:
    mine = _report(cast, "owner", teams=(cast.team,))
    for who, teams in (("owner", ()), ("owner", (cast.other_team,)), ("operator", (cast.team,))):
        with pytest.raises(NotAllowed):
            _report(cast, who, external_id="x", teams=teams)
    everyones = _report(cast, external_id="all")
    with pytest.raises(NotAllowed):  # to narrow it to one's own team would lift it for all others
        _report(cast, "owner", external_id="all", teams=(cast.team,))
    with pytest.raises(NotAllowed):
        resolve_incident(actor=cast.actor("owner"), incident=everyones)
    resolve_incident(actor=cast.actor("owner"), incident=mine)


def test_with_stop_everything_stops_and_what_waited_is_cancelled(cast: Cast) -> None:
    exercise, run = build.live(cast)
    _, stopped = report_incident(actor=cast.actor("safety"), report=Report(**SENT, stop=True))
    assert [outcome.run_id for outcome in stopped] == [str(run.pk)]
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert Exercise.objects.get(pk=exercise.pk).stopped_at is not None
    assert AuditEntry.objects.filter(action="exercise.stop").exists()


def test_a_narrower_incident_stops_only_what_runs_in_it(cast: Cast) -> None:
    exercise, run = build.live(cast)
    # Asked for, and no answer yet: there is nothing that AWS could be asked to stop.
    Run.objects.filter(pk=run.pk).update(state="starting", asked_at=database_now(), due_at=None)
    _report(cast, external_id="theirs", stop=True, teams=(cast.other_team,))
    asked = Run.objects.filter(stop_requested_at__isnull=False)
    assert not asked.exists()
    _report(cast, external_id="ours", stop=True, teams=(cast.team,))
    assert asked.get() == run
    assert Exercise.objects.get(pk=exercise.pk).stopped_at is None


def test_what_began_in_the_same_moment_is_stopped_by_the_next_look(cast: Cast) -> None:
    _, run = build.live(cast)
    _report(cast, teams=(cast.team,))
    Run.objects.filter(pk=run.pk).update(state="starting", asked_at=database_now(), due_at=None)
    run = Run.objects.get(pk=run.pk)
    assert not hold_incidents(run)  # it holds starts, and stops nothing
    Incident.objects.update(stops=True)
    assert hold_incidents(run)
    assert not hold_incidents(run)
    assert run.events.filter(kind="stop.requested", source="incident").count() == 1


def test_a_token_reports_with_its_scope_and_stops_with_the_other_one(cast: Cast) -> None:
    build.live(cast)
    assert _client(cast, "write", "read").post(URL, SENT, format="json").status_code == 403
    reports = _client(cast, "incidents")
    answer = reports.post(URL, SENT, format="json")
    assert (answer.status_code, answer.json()["stopped"]) == (200, [])
    refused = reports.post(URL, SENT | {"stop": True}, format="json")
    assert (refused.status_code, "scope stop" in refused.json()["detail"]) == (403, True)
    both = _client(cast, "incidents", "stop")
    assert len(both.post(URL, SENT | {"stop": True}, format="json").json()["stopped"]) == 1
    over = reports.post(URL, SENT | {"status": "resolved"}, format="json").json()
    assert over["resolved_at"]
    assert _client(cast, "read").get(f"{URL}?open=true").json()["results"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "a" * 121}, "external_id"),
        ({"title": "a" * 201}, "title"),
        ({"severity": "sev1"}, "severity"),
        ({"status": "acknowledged"}, "status"),
        ({"teams": ["nobody"]}, "teams"),
        ({"environments": ["moon"]}, "environments"),
        ({"stop": "yes"}, "stop"),
        ({"urgency": "high"}, "urgency"),
    ],
)
def test_bad_input_is_named_by_its_field(cast: Cast, changes: dict[str, Any], field: str) -> None:
    answer = _client(cast, "incidents").post(URL, SENT | changes, format="json")
    assert answer.status_code in (400, 422)
    assert field in str(answer.json()["errors"])
    assert not Incident.objects.exists()


def test_a_blank_title_is_refused_where_no_serializer_stands_before_it(cast: Cast) -> None:
    with pytest.raises(Invalid, match="title"):
        _report(cast, title="  ")


def test_the_page_shows_what_is_open_and_who_may_resolves_it(cast: Cast) -> None:
    _report(cast, teams=(cast.team,))
    pages = {who: Client() for who in ("author", "owner")}
    for who, client in pages.items():
        client.force_login(getattr(cast, who))
        page = client.get("/policy/incidents/").content.decode()
        assert SENT["title"] in page
        assert ("/resolve/" in page) == (who == "owner")
    pages["owner"].post(f"/policy/incidents/{Incident.objects.get().pk}/resolve/")
    assert SENT["title"] not in pages["author"].get("/policy/incidents/").content.decode()
    assert SENT["title"] in pages["author"].get("/policy/incidents/?show=resolved").content.decode()
