"""Teams: everyone reads, owners and programme leads change."""

from __future__ import annotations

import pytest
from django.test import Client

from exercises.models import Membership, Team
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db

TEAM = "/teams/vehicle-telemetry/"


def test_teams_are_listed_with_their_numbers(client: Client, cast: Cast) -> None:
    build.deployment(cast)
    client.force_login(cast.outsider)
    assert "Vehicle Telemetry" in client.get("/teams/").content.decode()
    assert "Charging" not in client.get("/teams/?q=vehicle").content.decode()
    page = client.get(TEAM).content.decode()
    assert "Mqtt Broker" in page
    assert "Add member" not in page


def test_an_owner_adds_changes_and_removes_members(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    email = cast.outsider.email
    client.post(f"{TEAM}members/", {"email": email, "role": "member"})
    membership = Membership.objects.get(team=cast.team, user=cast.outsider)
    client.post(f"{TEAM}members/{membership.pk}/", {"role": "operator"})
    membership.refresh_from_db()
    assert membership.role == "operator"
    client.post(f"{TEAM}members/{membership.pk}/", {"remove": "1", "role": "operator"})
    assert not Membership.objects.filter(pk=membership.pk).exists()


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [
        ("nobody@example.test", "member", "nobody here"),
        ("team-author@example.test", "member", "member already"),
        ("outsider@example.test", "king", "one of member, operator, owner"),
    ],
)
def test_what_is_wrong_is_said_and_kept(
    client: Client, cast: Cast, email: str, role: str, said: str
) -> None:
    client.force_login(cast.owner)
    answer = client.post(f"{TEAM}members/", {"email": email, "role": role})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert email in answer.content.decode()


def test_the_last_owner_stays(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    owner = Membership.objects.get(team=cast.team, user=cast.owner)
    assert client.post(f"{TEAM}members/{owner.pk}/", {"remove": "1"}).status_code == 409
    assert Membership.objects.filter(pk=owner.pk).exists()


def test_members_change_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    owner = Membership.objects.get(team=cast.team, user=cast.owner)
    assert client.post(f"{TEAM}members/", {"email": "x@example.test"}).status_code == 403
    assert client.post(f"{TEAM}members/{owner.pk}/", {"role": "member"}).status_code == 403
    assert client.post("/teams/", {"name": "New", "slug": "new"}).status_code == 403


def test_a_programme_lead_creates_a_team(client: Client, cast: Cast) -> None:
    client.force_login(cast.lead)
    wrong = client.post("/teams/", {"name": "Digital Key", "slug": "digital key"})
    assert wrong.status_code == 422
    assert "Digital Key" in wrong.content.decode()
    client.post("/teams/", {"name": "Digital Key", "slug": "digital-key"})
    assert Team.objects.filter(slug="digital-key").exists()
