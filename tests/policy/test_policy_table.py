"""The policy's form: a table of fields that says the same as the document."""

from __future__ import annotations

import copy
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
        i = row["index"]
        for name, _, boxes in [*row["groups"], ("days", "", row["days"])]:
            sent[f"{i}-{name}"] = [str(value) for value, _, on in boxes if on]
        sent |= {f"{i}-{name}": str(count) for name, _, count in row["people"]}
        sent |= {f"{i}-{name}": str(value) for name, _, _, value in row["numbers"]}
        sent |= {f"{i}-{name}": "1" for name in ("policy_alone", "needs_alarm") if row[name]}
        sent |= {f"{i}-{name}": row[name] for name in ("zone", "from", "until")}
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
    assert "Row 2, Longest: a whole number from 1 to 720" in page
    assert "Row 1, Who agrees, Safety officer: a whole number from 0 to 5" in page
    assert 'value="a while"' in page
    for rows in ("", "99999999", "x"):
        assert client.post("/policy/new/", {"rows": rows, "then": "show"}).status_code == 422
