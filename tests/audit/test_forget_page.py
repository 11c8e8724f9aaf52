"""A person who left is forgotten on a page in two steps: look first, then for good."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.actors import Door
from exercises.models import AuditEntry, Membership, User
from exercises.permissions import actor_for
from exercises.services.tokens import issue_token
from tests.cast import Cast

pytestmark = pytest.mark.django_db
ASKED = "asked for on 3 November"


@pytest.fixture
def gone(cast: Cast) -> User:
    issue_token(actor=cast.actor("outsider"), name="script", scopes=["read"], days=30)
    Membership.objects.filter(user=cast.outsider).delete()
    return cast.outsider


def sent(client: Client, who: User, status: int, **data: Any) -> str:
    client.force_login(who)
    answer = client.post(reverse("person_forget"), {"because": ASKED} | data)
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("who", ["lead", "auditor"])
def test_the_first_step_says_what_goes_and_what_stays_and_does_nothing(
    client: Client, cast: Cast, gone: User, who: str
) -> None:
    said = sent(client, getattr(cast, who), 200, email=gone.email.upper())
    for words in (gone.name, f"Former colleague {gone.pk}", "1 token,", "What stays", ASKED):
        assert words in said
    gone.refresh_from_db()
    assert gone.is_active


def test_the_second_step_forgets_and_the_audit_trail_says_who_did_it(
    client: Client, cast: Cast, gone: User
) -> None:
    sent(client, cast.lead, 302, email=gone.email, confirm="1")
    gone.refresh_from_db()
    assert gone.name == f"Former colleague {gone.pk}"
    entry = AuditEntry.objects.get(action="person.forget")
    assert (entry.actor_id, entry.details["because"]) == (cast.lead.pk, ASKED)


def test_what_comes_first_is_listed_and_the_second_step_is_not_offered(
    client: Client, cast: Cast
) -> None:
    said = sent(client, cast.auditor, 200, email=cast.author.email)
    assert f"{cast.author.name} member of {cast.team.name}" in said
    assert "for good</button>" not in said
    sent(client, cast.auditor, 409, email=cast.author.email, confirm="1")
    assert User.objects.get(pk=cast.author.pk).is_active


def test_nobody_forgets_themselves_while_they_hold_the_role(client: Client, cast: Cast) -> None:
    assert "holds the role auditor" in sent(client, cast.auditor, 200, email=cast.auditor.email)
    sent(client, cast.auditor, 409, email=cast.auditor.email, confirm="1")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "nobody@example.org"}, "nobody is known as nobody@example.org"),
        ({"email": "x" * 255}, "at most 254 characters"),
        ({"because": "x" * 301}, "at most 300 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, cast: Cast, gone: User, changes: dict[str, str], words: str
) -> None:
    assert words in sent(client, cast.lead, 422, **({"email": gone.email} | changes))


def test_a_teams_service_is_no_person_to_forget(client: Client, cast: Cast) -> None:
    service = User.objects.create(
        email="service@invalid", name="Service of it", service_of=cast.team, is_active=True
    )
    assert "nobody is known" in sent(client, cast.lead, 422, email=service.email)


def test_others_are_shown_the_door(client: Client, cast: Cast, gone: User) -> None:
    said = sent(client, cast.owner, 403, email=gone.email, confirm="1")
    assert "Only programme leads and auditors" in said
    assert actor_for(gone, Door.PAGE).is_active
