"""Blameless mode: where something was learned nobody is named, and the audit log keeps names."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exercises.domain.errors import NotAllowed
from exercises.models import (
    AuditEntry,
    DebriefAnswers,
    Finding,
    FindingNote,
    LadderOverride,
    Prediction,
    User,
)
from exercises.models.due_work import database_now
from exercises.queries.evidence_pack import files_of
from exercises.queries.naming import names_now
from exercises.services.blameless import set_blameless
from exercises.services.exercises import add_note
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NAME = "Alex Quillwort"


@pytest.fixture
def told(cast: Cast, drafted: Finding) -> Finding:
    """A finding, a debrief and a report that name the owner of the team everywhere they can."""
    User.objects.filter(pk=cast.owner.pk).update(name=NAME)
    cast.owner.refresh_from_db()
    now = database_now()
    Finding.objects.filter(pk=drafted.pk).update(
        state="accepted",
        owner=cast.owner,
        waived_by=cast.owner,
        waived_until=now.date(),
        title=f"{NAME} had to restart it by hand",
        body=f"We asked {NAME}, twice.",
    )
    FindingNote.objects.create(
        finding=drafted, at=now, author=cast.owner, text=f"{NAME} writes a runbook."
    )
    exercise = drafted.exercise
    add_note(actor=cast.actor("owner"), exercise=exercise, text=f"{NAME} was quick", went_well=True)
    add_note(actor=cast.actor("owner"), exercise=exercise, text=f"{NAME} is on it", is_pinned=True)
    Prediction.objects.create(
        experiment=drafted.run.experiment,  # type: ignore[union-attr]
        person=cast.owner,
        holds=True,
        because=f"{NAME} knows it",
        made_at=drafted.run.started_at.replace(year=2025),  # type: ignore[union-attr]
    )
    DebriefAnswers.objects.create(
        exercise=exercise,
        was_resilient="no",
        surprised_us=f"{NAME} found it first.",
        we_share="Much",
        answered_by=cast.owner,
        answered_at=now,
    )
    LadderOverride.objects.create(
        application=drafted.application,
        failure_family="storage-loss",
        level=5,
        reason=f"{NAME} watches it.",
        granted_by=cast.owner,
        granted_at=now,
        valid_until=now + timedelta(days=9),
    )
    return Finding.objects.get(pk=drafted.pk)


def learned(client: Client, finding: Finding) -> dict[str, str]:
    """Everything that says what was learned, as somebody of another team reads it."""
    period = f"{database_now():%Y-%m}"
    addresses = {
        "finding": reverse("finding_detail", args=[finding.pk]),
        "list": reverse("finding_list"),
        "csv": reverse("finding_csv"),
        "debrief": reverse("debrief", args=[finding.exercise.slug]),
        "report": reverse("report", args=[period]),
        "report csv": reverse("report_csv", args=[period]),
        "api": reverse("api-finding-detail", args=[finding.pk]),
    }
    shown = {}
    for name, address in addresses.items():
        answer = client.get(address)
        assert answer.status_code == 200, name
        shown[name] = answer.content.decode()
    return shown


def test_nobody_is_named_where_something_was_learned(
    client: Client, cast: Cast, told: Finding
) -> None:
    client.force_login(cast.outsider)
    named = learned(client, told)
    assert {name for name, text in named.items() if NAME not in text} <= {"report csv"}
    set_blameless(actor=cast.actor("lead"), is_on=True)
    shown = learned(client, told)
    assert [name for name, text in shown.items() if NAME in text or "Quillwort" in text] == []
    assert "Owner of Vehicle Telemetry had to restart it by hand" in shown["finding"]
    rows = list(csv.DictReader(io.StringIO(shown["csv"])))
    assert rows[0]["owner"] == "Owner of Vehicle Telemetry"
    set_blameless(actor=cast.actor("lead"), is_on=False)
    again = learned(client, told)  # nothing was lost
    assert [NAME in text for text in again.values()] == [NAME in text for text in named.values()]


def test_a_pack_speaks_of_roles_and_its_audit_slice_names(cast: Cast, told: Finding) -> None:
    set_blameless(actor=cast.actor("lead"), is_on=True)
    files = files_of(told.exercise)
    naming = [name for name, content in files.items() if NAME.encode() in content]
    assert set(naming) <= {"audit.json"}
    assert b"Owner of Vehicle Telemetry" in files["findings.json"]


def test_only_a_programme_lead_switches_it_and_the_audit_log_says_who(
    client: Client, cast: Cast
) -> None:
    for name in ("owner", "safety", "leadership"):
        with pytest.raises(NotAllowed):
            set_blameless(actor=cast.actor(name), is_on=True)
    client.force_login(cast.lead)
    page = client.post(reverse("blameless"), {"is_on": "1"}, follow=True).content.decode()
    assert "Switch it off" in page
    entry = AuditEntry.objects.order_by("-seq").first()
    assert entry is not None
    assert (entry.action, entry.details["is_on"]) == ("blameless.set", True)


def test_a_name_is_a_whole_word_and_the_longest_one_counts(cast: Cast) -> None:
    for name in ("Anna", "Anna Berg", "Al"):
        User.objects.create_user(email=f"{name[-2:]}{len(name)}@example.test", name=name)
    set_blameless(actor=cast.actor("lead"), is_on=True)
    names = names_now()
    said = "Anna Berg, Annabel and Anna: Also Al."
    assert names.text(said) == "Somebody, Annabel and Somebody: Also Al."
    assert names.deep({"a": ["Anna", 3, None]}) == {"a": ["Somebody", 3, None]}
    assert names.of(None) == ""


def test_names_cost_the_same_queries_however_many_people_there_are(cast: Cast) -> None:
    set_blameless(actor=cast.actor("lead"), is_on=True)
    with CaptureQueriesContext(connection) as asked:
        names_now()
    assert len(asked) == 4
