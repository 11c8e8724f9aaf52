"""The policy's form: a table of fields that says the same as the document."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from exercises.domain.policy_document import default_rules, parse
from exercises.models import PolicyVersion
from exercises.web.forms.policy_table import document_from, rearranged, rows_to_fill
from tests.cast import Cast


def as_fields(document: dict[str, Any]) -> dict[str, Any]:
    """What a browser would send of the table drawn for this document."""
    rows = rows_to_fill(document)
    sent: dict[str, Any] = {
        "rows": str(len(rows)),
        "per_place": str(document["concurrency"]["per_place"]),
    }
    for row in rows:
        for cell in [*row["groups"], row["days"]]:
            sent[cell.name] = [str(value) for value, _, on in cell.value if on]
        sent |= {cell.name: str(cell.value) for cell in [*row["people"], *row["numbers"]]}
        sent |= {cell.name: "1" for cell in row["switches"] if cell.value}
        sent |= {row[name].name: row[name].value for name in ("zone", "from", "until")}
    return sent


def query(fields: dict[str, Any]) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, value in fields.items():
        found.setlist(name, value if isinstance(value, list) else [value])
    return found


def full() -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(default_rules())
    found["rows"][2] |= {
        "hours": {"zone": "Europe/Berlin", "days": ["Tue"], "from": "09:00", "until": "17:00"},
        "lead_time_h": 4,
        "rehearsal_age_h": 24,
        "policy_alone": True,
    }
    return found


def test_a_document_survives_the_table() -> None:
    assert parse(document_from(query(as_fields(full())))) == parse(full())


def test_rows_are_added_moved_and_removed() -> None:
    document = full()
    added = rearranged(document, "add")
    assert added is not None
    assert added["rows"] == [*document["rows"], document["rows"][2]]
    moved, fewer = rearranged(document, "up-1"), rearranged(document, "remove-0")
    assert moved is not None
    assert moved["rows"] == [document["rows"][i] for i in (1, 0, 2)]
    assert fewer is not None
    assert fewer["rows"] == document["rows"][1:]
    assert rearranged(document, "propose") is None


@pytest.mark.django_db
def test_the_table_is_filled_in_shown_and_proposed(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    assert "Edit as JSON" in client.get("/policy/new/").content.decode()
    fields = as_fields(full()) | {"2-max_minutes": "45", "reason": "Shorter"}
    shown = client.post("/policy/new/", fields | {"then": "show"}).content.decode()
    assert "Differs from version 1" in shown
    assert "45 min" in shown
    text = client.post("/policy/new/", fields | {"then": "json"}).content.decode()
    assert "&quot;max_minutes&quot;: 45" in text
    client.post("/policy/new/", fields | {"then": "propose"})
    assert PolicyVersion.objects.get().rules["rows"][2]["max_minutes"] == 45


@pytest.mark.django_db
def test_a_mistake_names_its_row_and_keeps_what_was_typed(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    fields = as_fields(full()) | {"1-max_minutes": "a while", "0-safety_officer": "9"}
    answer = client.post("/policy/new/", fields | {"then": "propose", "reason": "x"})
    assert answer.status_code == 422
    page = answer.content.decode()
    longest, people = "a whole number from 1 to 720", "a whole number from 0 to 5"
    assert f'<a href="#id_1-max_minutes">Row 2, Longest</a>: {longest}' in page
    assert f'"#id_0-safety_officer">Row 1, Who agrees, Safety officer</a>: {people}' in page
    assert 'value="a while"' in page
    for rows in ("", "99999999", "x"):
        assert client.post("/policy/new/", {"rows": rows, "then": "show"}).status_code == 422


MISTAKES = {
    "0-environments": [],
    "0-max_minutes": "0",
    "0-approval_days": "",
    "0-rehearsal_age_h": "-1",
    "1-safety_officer": "9",
    "2-policy_alone": "1",
    "2-environments": ["production"],
    "2-days": [],
    "2-from": "late",
    "2-until": "25:00",
    "2-zone": "Mars/Olympus",
    "per_place": "none",
}


@pytest.mark.django_db
def test_every_input_that_is_wrong_says_so_and_is_told_why(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    sent = as_fields(full()) | MISTAKES | {"then": "propose", "reason": ""}
    page = client.post("/policy/new/", sent).content.decode()
    inputs = re.findall(r"<(?:input|textarea)[^>]*>", page)
    for name in {*MISTAKES, "reason"} - {"2-environments"}:
        found = [text for text in inputs if f' name="{name}"' in text]
        assert found, name
        for text in found:
            assert f'aria-invalid="true" aria-describedby="{name}_error"' in text, name
        assert page.count(f'id="{name}_error"') == 1
    named = set(re.findall(r'aria-describedby="([^"]+_error)"', page))
    assert all(f'id="{each}"' in page for each in named)
    assert all(f'id="{each}"' in page for each in re.findall(r'<li><a href="#([^"]+)"', page))


@pytest.mark.django_db
def test_a_row_that_nobody_can_satisfy_says_so_at_who_agrees(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    sent = as_fields(full()) | {"1-safety_officer": "2", "then": "propose", "reason": "Two."}
    page = client.post("/policy/new/", sent).content.decode()
    assert "needs 2 different people as safety officer; there are 1" in page
    assert page.count('aria-describedby="1-approvals_error"') == 5
    sent |= {"1-safety_officer": "1", "reason": " "}
    page = client.post("/policy/new/", sent).content.decode()
    assert 'aria-invalid="true" aria-describedby="reason_error"' in page


@pytest.mark.django_db
def test_a_mistake_in_the_json_is_told_at_the_text(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    for text in ("{", '{"rows": []}'):
        sent = {"as": "json", "rules": text, "then": "show", "reason": "x"}
        page = client.post("/policy/new/", sent).content.decode()
        assert 'aria-invalid="true" aria-describedby="rules_error"' in page
        assert '<a href="#id_rules">' in page
        assert text.replace('"', "&quot;") in page
