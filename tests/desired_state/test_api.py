"""Desired state over the API: JSON and YAML, planned, applied, one thing by its address."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from exercises.domain.policy_document import default_rules
from exercises.models import FreezeWindow, Programme, Template
from tests.api.conftest import caller
from tests.cast import Cast

__all__ = ["caller"]
pytestmark = pytest.mark.django_db

STATE = "/api/v1/desired-state/"
FREEZE = f"{STATE}freezes/Year end/"
WINDOW = {"starts_at": "2035-12-20T00:00Z", "ends_at": "2036-01-07T00:00Z"}
YAML = "application/yaml"


def test_the_example_of_the_documentation_is_planned_applied_and_then_done(
    cast: Cast, caller: Any, programme: Programme, example: bytes
) -> None:
    lead = caller("lead")
    planned = lead.generic("POST", f"{STATE}plan/", example, content_type=YAML).json()
    assert (planned["is_applied"], planned["due"]) == (False, 5)
    assert not Template.objects.exists()
    applied = lead.generic("PUT", STATE, example, content_type=YAML)
    assert applied.status_code == 200, applied.json()
    assert applied.json() == planned | {"is_applied": True}
    exported = lead.get(STATE, headers={"Accept": YAML})
    assert exported["Content-Type"].startswith(YAML)
    assert yaml.safe_load(exported.content) == lead.get(STATE).json()
    again = lead.generic("PUT", STATE, exported.content, content_type=YAML).json()
    assert (again["due"], len(again["steps"])) == (0, 6)


def test_a_thing_is_made_and_changed_at_its_address(cast: Cast, caller: Any) -> None:
    lead = caller("lead")
    assert lead.get(FREEZE).status_code == 404
    made = lead.put(FREEZE, WINDOW)
    assert made.status_code == 201, made.json()
    shown = lead.get(FREEZE)
    assert (shown.json(), shown["ETag"]) == (made.json(), made["ETag"])
    assert shown.json()["starts_at"] == "2035-12-20T00:00:00Z"
    assert lead.get(FREEZE, headers={"If-None-Match": shown["ETag"]}).status_code == 304
    changed = lead.put(FREEZE, shown.json() | {"reason": "Peak"})
    assert (changed.status_code, changed.json()["reason"]) == (200, "Peak")
    assert lead.put(FREEZE, WINDOW | {"name": "Other"}).json()["errors"] == [
        {"field": "name", "problem": "stays “Year end”, as in the address; leave it out"}
    ]


@pytest.mark.parametrize("key", [" Year end", "Year end ", "Year end\t", "\u00a0Year end"])
def test_a_key_with_blanks_around_it_makes_nothing(cast: Cast, caller: Any, key: str) -> None:
    answer = caller("lead").put(f"{STATE}freezes/{quote(key)}/", WINDOW)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{
            "field": "name",
            "problem": "is “Year end”, without blanks around it; so in the address, too",
        }],
    )  # fmt: skip
    assert not FreezeWindow.objects.exists()


def test_a_thing_that_changed_since_it_was_read_is_left_alone(cast: Cast, caller: Any) -> None:
    lead = caller("lead")
    assert lead.put(FREEZE, WINDOW, headers={"If-Match": "*"}).status_code == 412
    first = lead.put(FREEZE, WINDOW)["ETag"]
    later = lead.put(FREEZE, WINDOW | {"reason": "Peak"}, headers={"If-Match": first})
    assert later.status_code == 200
    late = lead.put(FREEZE, WINDOW | {"reason": "Mine"}, headers={"If-Match": first})
    assert late.status_code == 412
    assert late.json()["differences"] == [{"field": "reason", "yours": "Mine", "theirs": "Peak"}]
    assert FreezeWindow.objects.get().reason == "Peak"


def test_a_thing_is_made_only_while_it_is_not_there_where_that_is_asked(
    cast: Cast, caller: Any
) -> None:
    lead = caller("lead")
    made = lead.put(FREEZE, WINDOW, headers={"If-None-Match": "*"})
    assert made.status_code == 201
    for named in ("*", made["ETag"]):
        late = lead.put(FREEZE, WINDOW | {"reason": "Mine"}, headers={"If-None-Match": named})
        assert (late.status_code, late["ETag"]) == (412, made["ETag"])
    assert FreezeWindow.objects.get().reason == ""
    other = lead.put(FREEZE, WINDOW | {"reason": "Mine"}, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200
    whole = lead.put(STATE, {"format": "chaosplane-state/1"}, headers={"If-None-Match": "*"})
    assert whole.json()["errors"][0]["field"] == "If-None-Match"


def test_rules_that_wait_for_another_person_are_accepted_and_not_in_force(
    cast: Cast, caller: Any
) -> None:
    rules: Any = copy.deepcopy(default_rules())
    rules["rows"][0]["max_minutes"] = 30
    wanted = {"rules": rules, "reason": "Shorter"}
    for _ in range(2):
        answer = caller("lead").put(f"{STATE}policy/", wanted)
        assert (answer.status_code, answer.json()["rules"]) == (202, default_rules())
    same = caller("lead").put(f"{STATE}policy/", answer.json())
    assert same.status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status", "said"),
    [
        (b"a: &a [x]\nb: *a", YAML, 400, "write it out where it belongs (line 1)"),
        (b"x" * 1_048_577, YAML, 400, "at most 1,048,576 bytes"),
        (b'"' + b"x" * 1_048_576 + b'"', "application/json", 400, "at most 1,048,576 bytes"),
        (b"format: chaosplane-state/1\nteams: []", YAML, 422, "teams: is no part of such a file"),
        (b"[]", "text/plain", 415, "Unsupported media type"),
    ],
)
def test_what_cannot_be_read_is_refused_in_json(
    cast: Cast, caller: Any, body: bytes, content_type: str, status: int, said: str
) -> None:
    answer = caller("lead").generic(
        "PUT", STATE, body, content_type=content_type, headers={"Accept": YAML}
    )
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_a_token_that_only_reads_plans_nothing(cast: Cast, caller: Any) -> None:
    reader = caller("lead", scopes=("read",))
    assert reader.put(FREEZE, WINDOW).status_code == 403
    plan = {"format": "chaosplane-state/1", "freezes": [{"name": "Peak", **WINDOW}]}
    assert reader.post(f"{STATE}plan/", plan).status_code == 403
    assert reader.get(STATE).status_code == 200
