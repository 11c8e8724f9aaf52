"""The accounts of one experiment, and what is noted of each before it starts."""

from __future__ import annotations

import pytest

from exercises.domain.snapshots import Snapshot, Trace, as_json, from_json, merged, part_of
from exercises.domain.target_accounts import (
    TargetAccount,
    account_differences,
    account_of,
    in_accounts,
    target_accounts,
)

FIRST = TargetAccount("111111111111", "arn:aws:iam::111111111111:role/fis")
SECOND = TargetAccount("222222222222", "arn:aws:iam::222222222222:role/fis")
OTHER = TargetAccount("222222222222", "arn:aws:iam::222222222222:role/other")
BROKER = Trace("instances", "arn:aws:ec2:eu-central-1:111111111111:instance/i-1", "b", {"state": 1})


def test_a_definition_reaches_the_accounts_that_it_names_and_without_any_is_as_before() -> None:
    definition = {"experimentOptions": {"emptyTargetResolutionMode": "skip"}}
    several = in_accounts(definition, [FIRST, SECOND])
    assert target_accounts(several) == (FIRST, SECOND)
    assert several["experimentOptions"] == {
        "emptyTargetResolutionMode": "skip",
        "accountTargeting": "multi-account",
    }
    assert in_accounts(definition, []) == definition


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([SECOND, FIRST], []),
        ([FIRST], [f"approved {SECOND.role_arn}, found nothing"]),
        ([FIRST, OTHER], [f"approved {SECOND.role_arn}, found {OTHER.role_arn}"]),
    ],
)
def test_every_account_and_role_is_compared(found: list[TargetAccount], said: list[str]) -> None:
    where = "targetAccountConfigurations.222222222222: "
    assert account_differences([FIRST, SECOND], found) == [where + each for each in said]


def test_an_account_too_many_is_a_difference() -> None:
    assert account_differences([FIRST], [FIRST, SECOND]) == [
        f"targetAccountConfigurations.222222222222: approved nothing, found {SECOND.role_arn}"
    ]


@pytest.mark.parametrize(
    ("arn", "account"),
    [(BROKER.resource, "111111111111"), ("arn:aws:s3:::media", ""), ("media", ""), ("", "")],
)
def test_an_arn_names_its_account_or_none(arn: str, account: str) -> None:
    assert account_of(arn) == account


def test_a_snapshot_of_one_account_is_stored_as_it_always_was() -> None:
    snapshot = Snapshot((BROKER,), ("Nobody sees this.",))
    assert as_json(snapshot) == {
        "traces": [
            {"kind": "instances", "resource": BROKER.resource, "label": "b", "values": {"state": 1}}
        ],
        "unseen": ["Nobody sees this."],
    }
    assert from_json(as_json(snapshot)) == snapshot


def test_snapshots_of_several_accounts_come_apart_again_and_say_each_thing_once() -> None:
    parts = {
        "111111111111": Snapshot((BROKER,), ("Nobody sees this.",)),
        "222222222222": Snapshot((), ("Nobody sees this.", "Nor that.")),
    }
    together = merged(parts)
    assert together.unseen == ("Nobody sees this.", "Nor that.")
    assert from_json(as_json(together)) == together
    assert [part_of(together, account).traces for account in parts] == [(BROKER,), ()]
