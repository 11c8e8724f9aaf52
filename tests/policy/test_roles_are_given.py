"""Roles of the organisation are given on the machine only, and begin to count a day later."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from exercises.domain.actors import Door
from exercises.domain.errors import NotAllowed
from exercises.models import Membership, OrganisationRole
from exercises.models.audit import AuditEntry
from exercises.models.due_work import database_now
from exercises.services.organisation_roles import grant_role
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command("grant_role", *words, stdout=out)
    return out.getvalue()


def test_a_role_is_given_and_taken_with_an_entry_in_the_audit_trail(cast: Cast) -> None:
    email = cast.outsider.email
    assert "decides in 24 hours" in run(email, "safety_officer", "--reason", "New in the post")
    given = OrganisationRole.objects.get(user=cast.outsider)
    assert given.granted_at is not None
    run(email, "safety_officer", "--reason", "Left the post", "--withdraw")
    assert not OrganisationRole.objects.filter(user=cast.outsider).exists()
    kept = AuditEntry.objects.filter(action__startswith="role.").order_by("seq")
    assert [(entry.action, entry.details["reason"]) for entry in kept] == [
        ("role.grant", "New in the post"),
        ("role.withdraw", "Left the post"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("nobody@example.test", "auditor", "--reason", "x"),
        ("outsider@example.test", "auditor", "--reason", " "),
        ("auditor@example.test", "auditor", "--reason", "twice"),
        ("outsider@example.test", "auditor", "--reason", "x", "--withdraw"),
        ("outsider@example.test", "king", "--reason", "x"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(cast: Cast, words: tuple[str, ...]) -> None:
    before = OrganisationRole.objects.count()
    with pytest.raises(CommandError):
        run(*words)
    assert OrganisationRole.objects.count() == before


@pytest.mark.parametrize("door", [Door.PAGE, Door.API])
def test_nobody_who_is_signed_in_gives_a_role(cast: Cast, door: Door) -> None:
    actor = cast.actor("lead", door)
    with pytest.raises(NotAllowed):
        grant_role(actor=actor, user=cast.lead, role="safety_officer", reason="Handy")


@pytest.mark.parametrize("name", ["owner", "safety"])
def test_the_inbox_says_when_a_young_role_begins_to_count(
    cast: Cast, client: Client, name: str
) -> None:
    rows = Membership if name == "owner" else OrganisationRole
    person = getattr(cast, name)
    build.proposed(cast, template_version=build.template_version(rung=3))
    client.force_login(person)
    assert 'value="approve"' in client.get("/approvals/").content.decode()
    rows.objects.filter(user=person).update(granted_at=database_now() - timedelta(hours=1))
    page = client.get("/approvals/").content.decode()
    assert "Your role counts from" in page
    assert 'value="approve"' not in page
