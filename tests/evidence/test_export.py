"""The pack of a real exercise: complete, the same each time, and only for who may have it."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.evidence_pack import _unzip, verify
from exercises.models import AuditEntry, Finding, Run, RunEvent
from exercises.queries.audit_log import Names
from exercises.services.evidence_pack import export_pack, own_fingerprint
from tests.cast import Cast
from tests.findings.conftest import drafted, fallen

pytestmark = pytest.mark.django_db
__all__ = ["drafted", "fallen"]


def exported(client: Client, run: Run) -> bytes:
    answer = client.post(reverse("evidence_zip", args=[run.experiment.exercise.slug]))
    assert answer.status_code == 200
    return answer.content


def test_an_auditor_gets_a_pack_that_is_whole(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.auditor)
    found = verify(exported(client, fallen))
    assert found.problems == ()
    assert found.fingerprint == own_fingerprint()


def test_it_holds_what_was_approved_ran_and_was_measured(
    client: Client, cast: Cast, fallen: Run, drafted: Finding
) -> None:
    Finding.objects.filter(pk=drafted.pk).update(state="accepted", owner=cast.owner)
    client.force_login(cast.auditor)
    files = _unzip(exported(client, fallen))
    plan = json.loads(files[f"plans/{fallen.experiment.code}-1.json"])
    decisions = json.loads(files["decisions.json"])
    assert {row["digest"] for row in decisions} == {plan["digest"]}
    assert {row["capacity"] for row in decisions} >= {"service_owner", "programme_lead"}
    (run,) = [row for row in json.loads(files["runs.json"]) if not row["is_rehearsal"]]
    assert (run["verdict"], run["digest"]) == ("not_held", plan["digest"])
    assert files[f"samples/{fallen.pk}.csv"].count(b"\n") == fallen.samples.count() + 1
    (finding,) = json.loads(files["findings.json"])
    assert finding["title"] == drafted.title
    assert [kept["reason"] for kept in finding["kept"]] == ["drafted"]
    events = RunEvent.objects.filter(exercise=fallen.experiment.exercise).count()
    assert len(json.loads(files["timeline.json"])) == events
    assert json.loads(files["audit.json"])["anchor"]["seq"] <= AuditEntry.objects.count()


def test_a_draft_of_a_finding_stays_with_its_team(
    client: Client, cast: Cast, drafted: Finding, fallen: Run
) -> None:
    client.force_login(cast.auditor)
    assert json.loads(_unzip(exported(client, fallen))["findings.json"]) == []


def test_two_packs_of_the_same_exercise_are_the_same_bytes(cast: Cast, fallen: Run) -> None:
    exercise = fallen.experiment.exercise
    first, second = (export_pack(actor=cast.actor("auditor"), exercise=exercise) for _ in range(2))
    assert first == second


def test_that_it_was_handed_out_is_in_the_audit_trail(cast: Cast, fallen: Run) -> None:
    export_pack(actor=cast.actor("auditor"), exercise=fallen.experiment.exercise)
    last = AuditEntry.objects.order_by("-seq").first()
    assert last is not None
    assert (last.action, Names([last]).of(last.actor_name)) == ("evidence.export", "Auditor")


@pytest.mark.parametrize("who", ["owner", "operator", "author", "outsider"])
def test_others_read_what_it_is_and_whom_to_ask(
    client: Client, cast: Cast, fallen: Run, who: str
) -> None:
    client.force_login(getattr(cast, who))
    slug = fallen.experiment.exercise.slug
    page = client.get(reverse("evidence", args=[slug])).content.decode()
    assert "You read this page, not the pack." in page
    assert client.post(reverse("evidence_zip", args=[slug])).status_code == 403


def test_a_link_alone_hands_nothing_out(client: Client, cast: Cast, fallen: Run) -> None:
    client.force_login(cast.auditor)
    address = reverse("evidence_zip", args=[fallen.experiment.exercise.slug])
    assert client.get(address).status_code == 405


def test_the_clauses_of_an_organisation_replace_ours(
    cast: Cast, fallen: Run, tmp_path: object, settings: object
) -> None:
    from pathlib import Path

    own = Path(str(tmp_path)) / "clauses.json"
    own.write_text('{"note": "ours", "clauses": []}')
    settings.CHAOSPLANE_CLAUSES = str(own)  # type: ignore[attr-defined]
    data = export_pack(actor=cast.actor("lead"), exercise=fallen.experiment.exercise)
    assert json.loads(_unzip(data)["clauses.json"])["note"] == "ours"
