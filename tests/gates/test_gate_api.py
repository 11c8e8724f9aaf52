"""The gate through the API: what rows say, who sees which run, and a signature that holds."""

from __future__ import annotations

import copy
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exercises.domain.errors import Invalid
from exercises.domain.signed_answer import check
from exercises.models import Application, Exercise, Run
from exercises.services.evidence_pack import own_fingerprint
from tests import past
from tests.api.conftest import Caller, caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
__all__ = ["caller"]
URL = "/api/v1/gates/mqtt-broker/"


def ran(cast: Cast, *, days_ago: int = 3, verdict: str = "held") -> Run:
    where = Application.objects.filter(slug="mqtt-broker").first() or past.application(
        cast.team, "mqtt-broker", tags=("ec2",)
    )
    return past.run(cast, where, past.version(), days_ago=days_ago, verdict=verdict)


def test_it_says_fresh_with_the_run_that_proved_it(cast: Cast, caller: Caller) -> None:
    run = ran(cast)
    gate = caller("author", ("read",)).get(URL, {"max_age": "30d"}).json()["gate"]
    assert (gate["status"], gate["application"]) == ("fresh", "mqtt-broker")
    assert gate["max_age_s"] == 30 * 86_400
    evidence = gate["evidence"]
    assert (evidence["run"], evidence["verdict"]) == (str(run.pk), "held")
    assert evidence["template"] == "instance-loss-1"
    assert evidence["url"].endswith(f"/experiments/{run.experiment.code}/")
    assert [one["family"] for one in gate["families"]] == ["instance-loss"]


def test_old_is_stale_and_fallen_is_failed(cast: Cast, caller: Caller) -> None:
    ran(cast, days_ago=40)
    client = caller("author", ("read",))
    assert client.get(URL, {"max_age": "30d"}).json()["gate"]["status"] == "stale"
    assert client.get(URL).json()["gate"]["status"] == "fresh"
    ran(cast, days_ago=39, verdict="not_held")
    gate = client.get(URL).json()["gate"]
    assert (gate["status"], gate["evidence"]["verdict"]) == ("failed", "not_held")


def test_a_rehearsal_and_an_inconclusive_run_prove_nothing(cast: Cast, caller: Caller) -> None:
    ran(cast, verdict="inconclusive")
    rehearsal = ran(cast)
    Run.objects.filter(pk=rehearsal.pk).update(is_rehearsal=True)
    gate = caller("author", ("read",)).get(URL).json()["gate"]
    assert (gate["status"], gate["evidence"]) == ("stale", None)


def test_another_team_learns_the_verdict_and_not_the_run(cast: Cast, caller: Caller) -> None:
    run = ran(cast)
    Exercise.objects.filter(pk=run.experiment.exercise_id).update(kind="self_service")
    gate = caller("outsider", ("read",)).get(URL).json()["gate"]
    assert gate["status"] == "fresh"
    shown = gate["evidence"]
    assert (shown["run"], shown["experiment"], shown["url"], shown["template"]) == (None,) * 4
    assert str(run.pk) not in json.dumps(gate)


@pytest.mark.parametrize(
    ("sent", "field", "limit"),
    [
        ({"max_age": "367d"}, "max_age", "from 1h to 366d"),
        ({"max_age": "soon"}, "max_age", "from 1h to 366d"),
        ({"family": "flood"}, "family", "one of: instance-loss"),
        ({"maxage": "30d"}, "maxage", "is not a field"),
    ],
)
def test_what_it_cannot_take_is_named(
    cast: Cast, caller: Caller, sent: dict[str, str], field: str, limit: str
) -> None:
    ran(cast)
    answer = caller("author", ("read",)).get(URL, sent)
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["field"] == field
    assert limit in error["problem"]


def test_the_signature_holds_offline_and_no_changed_answer_does(cast: Cast, caller: Caller) -> None:
    ran(cast)
    client = caller("author", ("read",))
    document = client.get(URL).json()
    checked = check(json.dumps(document, indent=3).encode(), of="gate")
    assert checked.is_whole
    assert (
        checked.fingerprint
        == own_fingerprint()
        == client.get("/api/v1/signing-key/").json()["key_id"]
    )
    for change in ({"status": "failed"}, {"application": "other"}, {"max_age_s": 1}):
        altered = copy.deepcopy(document)
        altered["gate"] |= change
        assert not check(json.dumps(altered).encode(), of="gate").is_whole
    renamed = copy.deepcopy(document)
    renamed["signature"]["key_id"] = "0000 0000"
    assert not check(json.dumps(renamed).encode(), of="gate").is_whole


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"gate": 1, "signature": {}}', b"\xff"])
def test_what_is_no_signed_answer_is_said_to_be_none(document: bytes) -> None:
    with pytest.raises(Invalid, match="is no signed gate"):
        check(document, of="gate")


def test_ten_times_the_runs_take_no_more_queries(cast: Cast, caller: Caller) -> None:
    ran(cast)
    client = caller("author", ("read",))
    client.get(URL)  # the use of a token is noted once a minute
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for days in range(4, 14):
        ran(cast, days_ago=days, verdict="held" if days % 2 else "not_held")
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assert len(few) == len(many)
