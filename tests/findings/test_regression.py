"""A finding taken for fixed that a later run contradicts: open again, never told twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.finding_states import FindingState
from exercises.models import (
    Announcement,
    AuditEntry,
    Exercise,
    Experiment,
    Finding,
    FindingEvidence,
    FindingNote,
    Run,
    Sample,
)
from exercises.models.due_work import database_now
from exercises.services.announce import announce
from tests import build
from tests.cast import Cast
from tests.findings.conftest import finish

pytestmark = pytest.mark.django_db


def taken_for_fixed(finding: Finding, cast: Cast, state: FindingState) -> Finding:
    Finding.objects.filter(pk=finding.pk).update(
        state=state.value, owner=cast.owner, verified_by_run=finding.run
    )
    FindingNote.objects.create(
        finding=finding, at=database_now(), author=cast.owner, to_state=state.value
    )
    return finding


def run_again(cast: Cast, *, lowest: float, **changes: Any) -> Run:
    """The same fault on the same application in the edition after."""
    Exercise.objects.filter(slug="2026-11").update(slug="2026-10")
    _, run = build.live(cast, **changes)
    return finish(run, lowest=lowest, started_ago=timedelta(minutes=40))


def test_a_run_that_did_not_hold_opens_the_verified_finding_again(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    taken_for_fixed(drafted, cast, FindingState.VERIFIED)
    again = run_again(cast, lowest=96.0)
    finding = Finding.objects.get()  # no draft beside it
    assert (finding.pk, finding.state) == (drafted.pk, FindingState.ACCEPTED.value)
    assert finding.verified_by_run is None
    assert list(finding.kept_evidence.values_list("run_id", "reason")) == [
        (drafted.run_id, "drafted"),
        (again.pk, "reopened"),
    ]
    client.force_login(cast.owner)
    page = client.get(reverse("finding_detail", args=[finding.pk])).content.decode()
    assert "It came back: Stop one broker." in page
    assert "<h3>Came back</h3>" in page
    assert "96.00 % at worst" in page
    assert "97.00 % at worst" in page  # what it was found by stays
    assert AuditEntry.objects.filter(action="finding.reopened").count() == 1


def test_those_who_answer_for_it_are_told(cast: Cast, drafted: Finding) -> None:
    taken_for_fixed(drafted, cast, FindingState.VERIFIED)
    run_again(cast, lowest=96.0)
    told = Announcement.objects.get(topic="finding_reopened")
    Announcement.objects.filter(pk=told.pk).update(fence=1)
    announce(announcement_id=told.pk, fence=1)
    assert set(told.notices.values_list("person__name", "needs_you")) == {
        ("Team owner", True),
        ("Team operator", True),
    }


def test_a_retest_that_did_not_hold_sends_the_finding_back_to_its_fix(
    cast: Cast, drafted: Finding
) -> None:
    taken_for_fixed(drafted, cast, FindingState.RETEST)
    Exercise.objects.filter(slug="2026-11").update(slug="2026-10")
    _, run = build.live(cast)
    Experiment.objects.filter(pk=run.experiment_id).update(retest_of=drafted)
    finish(Run.objects.get(pk=run.pk), lowest=96.0, started_ago=timedelta(minutes=40))
    assert list(Finding.objects.values_list("pk", "state")) == [
        (drafted.pk, FindingState.FIX_AGREED.value)
    ]


@pytest.mark.parametrize("what", ["held", "another family", "still open"])
def test_nothing_comes_back_without_a_contradiction(
    cast: Cast, drafted: Finding, what: str
) -> None:
    state = FindingState.ACCEPTED if what == "still open" else FindingState.VERIFIED
    taken_for_fixed(drafted, cast, state)
    if what == "another family":
        Finding.objects.filter(pk=drafted.pk).update(failure_family="storage-loss")
    run_again(cast, lowest=99.9 if what == "held" else 96.0)
    drafted.refresh_from_db()
    assert drafted.state == state.value
    assert Finding.objects.exclude(pk=drafted.pk).count() == (0 if what == "held" else 1)


def test_charts_and_log_stay_as_they_were_when_it_was_drafted(
    client: Client, cast: Cast, drafted: Finding
) -> None:
    client.force_login(cast.author)
    address = reverse("finding_detail", args=[drafted.pk])
    before = client.get(address).content.decode()
    assert "The log as it was when this was written down" in before
    Sample.objects.filter(run=drafted.run).delete()
    after = client.get(address).content.decode()
    assert (
        after.split("What was found")[1].split("History")[0]
        == (before.split("What was found")[1].split("History")[0])
    )
    with pytest.raises(TypeError):
        FindingEvidence.objects.get().save()
