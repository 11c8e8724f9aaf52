"""The clauses that evidence may serve: guidance that an organisation writes for itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.models import ClauseVersion, Run
from exercises.queries.clauses import Clause, clause_table
from exercises.queries.evidence_pack import files_of
from exercises.services.clauses import write_clauses
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.findings.conftest import fallen

pytestmark = pytest.mark.django_db
__all__ = ["caller", "fallen"]

OURS = Clause("House rules", "4.2", "Exercises twice a year", ("runs.json", "samples/"))


def write(cast: Cast, who: str = "lead", **over: Any) -> ClauseVersion:
    wanted: dict[str, Any] = {"note": "Guidance of ours.", "clauses": [OURS], "based_on": 0}
    return write_clauses(actor=cast.actor(who), **(wanted | over))


def test_the_newest_version_is_in_the_pack_and_in_the_report(
    client: Client, cast: Cast, fallen: Run
) -> None:
    assert clause_table().number == 0
    write(cast)
    exercise = fallen.experiment.exercise
    document = json.loads(files_of(exercise)["clauses.json"])
    assert (document["version"], document["note"]) == (1, "Guidance of ours.")
    client.force_login(cast.leadership)
    page = client.get(reverse("exercise_report", args=[exercise.slug])).content.decode()
    assert "House rules" in page


def test_the_page_writes_the_next_version_and_is_marked_as_guidance(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.lead)
    assert "<b>Guidance.</b>" in client.get(reverse("clauses")).content.decode()
    sent = {
        "note": "Ask your counsel.",
        "based_on": "0",
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "0",
        "form-0-source": "House rules",
        "form-0-clause": "4.2",
        "form-0-about": "Exercises",
        "form-0-served_by": "runs.json, samples/",
    }
    page = client.post(reverse("clauses"), sent, follow=True).content.decode()
    assert "Version 1" in page
    assert clause_table().clauses == (
        Clause("House rules", "4.2", "Exercises", ("runs.json", "samples/")),
    )
    wrong = client.post(
        reverse("clauses"), sent | {"based_on": "1", "form-0-served_by": "everything.json"}
    )
    assert wrong.status_code == 422
    assert "clauses.0.served_by" in wrong.content.decode()


def test_only_who_proposes_policies_writes_them(client: Client, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        write(cast, "owner")
    client.force_login(cast.owner)
    assert client.post(reverse("clauses")).status_code == 403
    assert "Write the next version" not in client.get(reverse("clauses")).content.decode()


def test_who_wrote_meanwhile_is_not_written_over(cast: Cast) -> None:
    write(cast)
    with pytest.raises(Conflict):
        write(cast)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"note": " "}, "note"),
        ({"clauses": []}, "clauses"),
        ({"clauses": [Clause("", "1", "x", ("runs.json",))]}, "clauses.0.source"),
        ({"clauses": [Clause("x" * 121, "1", "x", ("runs.json",))]}, "clauses.0.source"),
        ({"clauses": [Clause("x", "1", "x", ("all.json",))]}, "clauses.0.served_by"),
        ({"clauses": [OURS] * 61}, "clauses"),
    ],
)
def test_what_cannot_be_is_named(cast: Cast, over: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        write(cast, **over)
    assert field in dict(error.value.problems)


def test_a_program_reads_and_writes_them(cast: Cast, caller: Caller) -> None:
    api = caller("lead", ("read", "write"))
    before = api.get("/api/v1/clauses/").json()
    assert before["number"] == 0
    sent = {"note": before["note"], "clauses": before["clauses"][:1], "based_on": 0}
    made = api.post("/api/v1/clauses/", sent, format="json")
    assert made.status_code == 201
    assert (made.json()["number"], len(made.json()["clauses"])) == (1, 1)
    assert api.post("/api/v1/clauses/", sent, format="json").status_code == 409
