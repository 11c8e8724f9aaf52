"""Pages of teams, ladders, mentors, objectives and roles: what they say and who may act."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from exercises.models import Application, LadderOverride, MentorRequest, MentorSignOff
from tests import build, past
from tests.cast import Cast

pytestmark = pytest.mark.django_db
TEAM = "/teams/vehicle-telemetry/"
LADDER = "/settings/applications/ingest/ladder/instance-loss/"


def seeded(cast: Cast) -> Application:
    """An application before its first run in production, and a team that has been there."""
    where, what = past.application(cast.team, "ingest", tags=("ec2",)), past.version()
    sessions = past.application(cast.other_team, "sessions")
    for _ in range(2):
        past.run(cast, where, what, environment="pre-production")
        past.run(cast, sessions, what)
    past.deployed(where)
    return where


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return answer.content.decode()


def test_a_team_sees_its_ladder_services_and_what_comes_next(client: Client, cast: Cast) -> None:
    where = seeded(cast)
    past.run(cast, where, past.version(), verdict="not_held", environment="pre-production")
    client.force_login(cast.author)
    page = text(client, TEAM)
    assert "2 of 3 held" in page
    assert "Pre-production, one resource" in page
    assert "1 m 15 s" in page
    assert "Mentor team" not in page
    assert "Mentor team" in text(client, "/teams/charging/")
    assert "mentor&#x27;s sign-off" in text(client, "/settings/applications/ingest/")
    assert "Set objectives" in text(client, f"{TEAM}services/")
    assert "Add member" not in text(client, f"{TEAM}members/")
    assert "account-111" in text(client, f"{TEAM}accounts/")


def test_the_history_of_a_team_is_filtered(client: Client, cast: Cast) -> None:
    where = seeded(cast)
    past.run(cast, where, past.version("network-loss"), verdict="not_held")
    client.force_login(cast.outsider)
    assert text(client, f"{TEAM}history/").count("Completed") == 3
    assert text(client, f"{TEAM}history/?verdict=not_held").count("Completed") == 1
    assert text(client, f"{TEAM}history/?where=pre-production").count("Completed") == 2
    assert "Nothing matches" in text(client, f"{TEAM}history/?application=nothing")


def test_a_team_of_many_services_takes_as_many_queries(client: Client, cast: Cast) -> None:
    where = seeded(cast)
    client.force_login(cast.author)
    client.get(TEAM)
    with CaptureQueriesContext(connection) as few:
        client.get(TEAM)
    for number in range(4):
        each = past.application(cast.team, f"app-{number}", tags=("ec2", "ebs"))
        past.run(cast, each, past.version(f"family-{number}"))
        past.run(cast, where, past.version())
    with CaptureQueriesContext(connection) as more:
        client.get(TEAM)
    assert len(more) <= len(few) + 1  # the mark of a finding that is prefetched once there are runs


def test_a_mentor_is_asked_and_answers(client: Client, cast: Cast) -> None:
    seeded(cast)
    client.force_login(cast.author)
    assert "Charging, level 4" in text(client, LADDER)
    assert client.post(f"{LADDER}mentor/", {"mentor": ""}).status_code == 422
    client.post(f"{LADDER}mentor/", {"mentor": cast.outsider.pk, "message": "Help us"})
    request = MentorRequest.objects.get()
    assert client.post(f"{LADDER}mentor/", {"mentor": cast.outsider.pk}).status_code == 422
    assert "was asked" in text(client, TEAM)
    client.force_login(cast.operator)
    assert client.post(f"/mentors/{request.pk}/", {"answer": "accepted"}).status_code == 404
    client.force_login(cast.outsider)
    assert "Help us" in text(client, "/mentors/")
    assert client.post(f"/mentors/{request.pk}/", {"answer": "declined"}).status_code == 422
    client.post(f"/mentors/{request.pk}/", {"answer": "accepted"})
    assert "helps" in text(client, "/teams/charging/")


def test_only_a_lead_overrides_and_says_until_when(client: Client, cast: Cast) -> None:
    seeded(cast)
    sent = {"level": "4", "until": "2026-13-45", "reason": "The first application to go."}
    client.force_login(cast.owner)
    assert "Override</button>" not in text(client, LADDER)
    assert client.post(f"{LADDER}override/", sent | {"until": "2026-12-01"}).status_code == 403
    client.force_login(cast.lead)
    answer = client.post(f"{LADDER}override/", sent)
    assert answer.status_code == 422
    assert "The first application to go." in answer.content.decode()
    assert client.post(f"{LADDER}override/", sent | {"until": "2999-01-01"}).status_code == 422
    assert not LadderOverride.objects.exists()


def test_a_mentor_signs_off_on_the_experiment(client: Client, cast: Cast) -> None:
    where = seeded(cast)
    experiment = build.proposed(
        cast, deployment=past.deployed(where), template_version=past.version()
    )
    url = f"/experiments/EXP-{experiment.pk}/"
    client.force_login(cast.owner)
    assert "Sign off as" not in text(client, url)
    client.force_login(cast.outsider)
    assert "Sign off as Charging" in text(client, url)
    assert experiment.revision
    client.post(f"{url}sign-off/", {"digest": experiment.revision.digest, "note": "Fine"})
    assert MentorSignOff.objects.get().mentor == cast.outsider
    page = text(client, url)
    assert "Signed off by Outsider" in page
    assert "Sign off as" not in page


def test_objectives_are_set_in_minutes(client: Client, cast: Cast) -> None:
    where = seeded(cast)
    url = "/settings/applications/ingest/objectives/"
    client.force_login(cast.author)
    assert client.get(url).status_code == 403
    client.force_login(cast.owner)
    sent = {"slo_percent": "99.95", "rto_min": "2.5", "rpo_min": "0"}
    assert client.post(url, sent | {"slo_percent": "100"}).status_code == 422
    for minutes in ("99999999", "1e308"):
        refused = client.post(url, sent | {"rto_min": minutes})
        assert refused.status_code == 422
        assert "less than or equal to 43200" in refused.content.decode()
    client.post(url, sent)
    where.refresh_from_db()
    assert (where.slo_percent, where.rto_s, where.rpo_s) == (99.95, 150, 0)
    assert "2. Design and implement" in text(client, "/settings/applications/ingest/")


def test_whose_turn_it_is_is_suggested_and_invited_at_once(client: Client, cast: Cast) -> None:
    seeded(cast)
    exercise = build.exercise(cast)
    url = f"/exercises/{exercise.slug}/participants/"
    client.force_login(cast.author)
    assert "Suggested participants" not in text(client, url)
    client.force_login(cast.lead)
    past.version("storage-loss")
    page = text(client, url)
    assert "Suggested participants" in page
    assert "Coverage debt" in page
    sessions = Application.objects.get(slug="sessions")
    client.post(f"/exercises/{exercise.slug}/invite/", {"application": sessions.pk})
    assert exercise.participations.get().application == sessions
