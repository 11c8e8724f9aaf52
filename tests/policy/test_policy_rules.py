"""What a policy may say, and that each of its limits refuses."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.capacities import Capacity
from exercises.domain.errors import Invalid
from exercises.domain.policy import Asked, row_refusals, unsatisfiable
from exercises.domain.policy_document import default_rules, document_of, parse

WEDNESDAY = datetime(2026, 12, 9, 9, tzinfo=UTC)
FINE = Asked(
    starts_at=WEDNESDAY,
    ends_at=WEDNESDAY + timedelta(minutes=20),
    minutes=20,
    target_cap=4,
    has_alarm=True,
    approved_at=WEDNESDAY - timedelta(hours=25),
    rehearsed_at=WEDNESDAY - timedelta(hours=2),
)


def rules(**first_row: Any) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(default_rules())
    found["rows"][0] |= first_row
    return found


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"environments": ["moon"]}, "rows.1.environments"),
        ({"rungs": [6]}, "rows.1.rungs"),
        ({"tiers": []}, "rows.1.tiers"),
        ({"approvals": {}}, "rows.1.approvals"),
        ({"approvals": {"service_owner": 6}}, "rows.1.approvals.service_owner"),
        ({"approvals": {"king": 1}}, "rows.1.approvals.king"),
        ({"approval_days": 91}, "rows.1.approval_days"),
        ({"max_minutes": 0}, "rows.1.max_minutes"),
        ({"max_targets": True}, "rows.1.max_targets"),
        ({"policy_alone": True}, "rows.1.policy_alone"),
        ({"off": 1}, "rows.1.off"),
        ({"hours": {"zone": "Mars", "days": ["Mon"]}}, "rows.1.hours.zone"),
        ({"hours": {"zone": ["UTC"], "days": ["Mon"]}}, "rows.1.hours.zone"),
        ({"hours": {"from": "09:00+02:00", "until": "17:00"}}, "rows.1.hours.from"),
        ({"hours": {"from": "09:00", "until": "17:00Z"}}, "rows.1.hours.until"),
        (
            {"hours": {"zone": "UTC", "days": ["Mon"], "from": "17:00", "until": "09:00"}},
            "rows.1.hours.until",
        ),
        ({"rungs": [True, 2]}, "rows.1.rungs"),
        ({"rungs": [1.0, 2]}, "rows.1.rungs"),
        ({"rungs": [1]}, "rows"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(rules(**change))
    assert field in [name for name, _ in caught.value.problems]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", '{"rows": 1, "rows": 2}', "[" * 5000, "x" * 100_001,
        f'{{"rows": {"1" * 5000}}}', '{"rows": NaN}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(document_of(text))


def test_the_built_in_rules_survive_a_form() -> None:
    assert parse(document_of(json.dumps(default_rules()))) == parse(default_rules())


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"max_minutes": 19}, "policy.duration"),
        ({"max_targets": 3}, "policy.targets"),
        ({"lead_time_h": 26}, "policy.lead_time"),
        ({"rehearsal_age_h": 1}, "policy.rehearsal"),
        (
            {
                "hours": {
                    "zone": "Europe/Berlin", "days": ["Wed"], "from": "10:01", "until": "17:00",
                }
            },
            "policy.hours",
        ),
    ],
)  # fmt: skip
def test_each_limit_refuses_what_breaks_it(change: dict[str, Any], rule: str) -> None:
    assert row_refusals(parse(rules()).rows[0], FINE) == ()
    assert [r.rule for r in row_refusals(parse(rules(**change)).rows[0], FINE)] == [rule]


def test_hours_are_those_of_their_zone() -> None:
    hours = {"zone": "Europe/Berlin", "days": ["Wed"], "from": "10:00", "until": "10:20"}
    assert row_refusals(parse(rules(hours=hours)).rows[0], FINE) == ()


def test_a_policy_that_nobody_can_satisfy_says_who_is_missing() -> None:
    lead, safety = Capacity.PROGRAMME_LEAD, Capacity.SAFETY_OFFICER
    two = parse(rules(approvals={"programme_lead": 1, "safety_officer": 1}))
    apart = {lead: frozenset({1}), safety: frozenset({2})}
    assert unsatisfiable(two, apart, {}, {}) == []
    same = {lead: frozenset({1}), safety: frozenset({1})}
    assert "needs 2 different people" in unsatisfiable(two, same, {}, {})[0][1]
    more = parse(rules(approvals={"safety_officer": 2}))
    assert "safety officer; there are 1" in unsatisfiable(more, apart, {}, {})[0][1]
    owners = parse(rules(approvals={"service_owner": 2}))
    assert "Charging" in unsatisfiable(owners, apart, {"Charging": frozenset({3})}, {})[0][1]


def test_who_proposes_is_not_counted_among_who_approves() -> None:
    lead = {Capacity.PROGRAMME_LEAD: frozenset({1})}
    one = parse(rules(approvals={"programme_lead": 1}))
    alone = {"Charging": frozenset({1})}
    assert "besides whoever proposes" in unsatisfiable(one, lead, {}, alone)[0][1]
    assert unsatisfiable(one, lead, {}, {"Charging": frozenset({1, 2})}) == []
    owners = parse(rules(approvals={"service_owner": 2}))
    two = {"Charging": frozenset({3, 4})}
    assert "Charging" in unsatisfiable(owners, {}, two, two)[0][1]
    assert unsatisfiable(owners, {}, two, {"Charging": frozenset({3, 4, 5})}) == []


def test_version_1_never_changes() -> None:
    """Decisions were made under it: another built-in policy is another version."""
    digest = hashlib.sha256(canonical_bytes(default_rules())).hexdigest()
    assert digest == "5e6948d5692d3b8a65a57c3b695ae49dcc2b8aa759f146d211b393654c52d0d8"
