"""Which accounts a definition reaches."""

from __future__ import annotations

from exercises.domain.target_accounts import TargetAccount, in_accounts, target_accounts

ONE = {"actions": {}, "experimentOptions": {"emptyTargetResolutionMode": "fail"}}
ACCOUNTS = [
    TargetAccount("111111111111", "arn:aws:iam::111111111111:role/fis"),
    TargetAccount("222222222222", "arn:aws:iam::222222222222:role/fis"),
]


def test_a_definition_names_every_account_it_reaches_and_its_role() -> None:
    assert list(target_accounts(in_accounts(ONE, ACCOUNTS))) == ACCOUNTS


def test_a_definition_of_several_accounts_keeps_its_other_options() -> None:
    assert in_accounts(ONE, ACCOUNTS)["experimentOptions"] == {
        "emptyTargetResolutionMode": "fail",
        "accountTargeting": "multi-account",
    }


def test_a_definition_of_one_account_stays_as_it_is() -> None:
    assert in_accounts(ONE, []) == ONE
    assert target_accounts(ONE) == ()
