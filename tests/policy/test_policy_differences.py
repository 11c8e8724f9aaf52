"""Two policies are compared as experiments meet them, not line by line."""

from __future__ import annotations

import copy
from typing import Any

from exercises.domain.policy import RUNGS, TIERS
from exercises.domain.policy_differences import Difference, differences
from exercises.domain.policy_document import default_rules, parse


def document() -> dict[str, Any]:
    return copy.deepcopy(default_rules())


def test_a_row_that_is_split_in_two_changes_nothing() -> None:
    split = document()
    last = split["rows"].pop()
    split["rows"] += [last | {"tiers": [1, 2]}, last | {"tiers": [3, 4]}]
    assert differences(parse(document()), parse(split)) == []


def test_a_change_is_said_once_with_all_that_it_concerns() -> None:
    changed = document()
    changed["rows"][2]["max_minutes"] = 60
    assert differences(parse(document()), parse(changed)) == [
        Difference("Longest", "720 min", "60 min", ("pre-production", "dev"), RUNGS, TIERS)
    ]


def test_people_hours_and_concurrency_are_said_in_words() -> None:
    changed = document()
    hours = {"zone": "UTC", "days": ["Mon"], "from": "09:00", "until": "17:00"}
    changed["rows"].insert(
        0,
        changed["rows"][0]
        | {"tiers": [1], "approvals": {"service_owner": 1, "safety_officer": 2}, "hours": hours},
    )
    changed["concurrency"]["per_place"] = 2
    found = [
        (d.rule, d.before, d.after, d.tiers) for d in differences(parse(document()), parse(changed))
    ]
    assert found == [
        ("Programme lead", "1 person", "nobody", (1,)),
        ("Safety officer", "nobody", "2 people", (1,)),
        ("Hours", "any", "Mon 09:00 to 17:00, UTC", (1,)),
        ("Experiments at once in an account and Region", "5", "2", ()),
    ]
