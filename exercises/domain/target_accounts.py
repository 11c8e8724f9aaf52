"""The accounts that one definition of AWS FIS reaches. Pure.

queries.plans writes them into the definition, so that they are part of the digest; engines.fis
makes target account configurations of them; the gate, the stop and the clean-up ask for every
one of them (AWS FIS User Guide, "Working with multi-account experiments for AWS FIS").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exercises.domain.plans import JsonObject

KEY: Final = "targetAccountConfigurations"
MULTI_ACCOUNT: Final = "multi-account"
TARGET_TAG: Final = "chaosplane:target:"
"""Before the id of an account that an experiment reaches. FIS takes 50 tags: 40 accounts fit."""
_OPTIONS: Final = "experimentOptions"


@dataclass(frozen=True, slots=True)
class TargetAccount:
    """An account, by its twelve digits, and the role by which FIS acts in it."""

    account_id: str
    role_arn: str


def in_accounts(definition: JsonObject, accounts: Sequence[TargetAccount]) -> dict[str, object]:
    """The definition of one account as one that reaches all of these, the orchestrator's own
    among them when it is hit as well; unchanged without any."""
    if not accounts:
        return dict(definition)
    options = definition.get(_OPTIONS)
    before = dict(options) if isinstance(options, Mapping) else {}
    return {
        **definition,
        _OPTIONS: {**before, "accountTargeting": MULTI_ACCOUNT},
        KEY: [{"accountId": each.account_id, "roleArn": each.role_arn} for each in accounts],
    }


def target_accounts(definition: JsonObject) -> tuple[TargetAccount, ...]:
    """The accounts it reaches by configuration; none for a definition of one account."""
    found = definition.get(KEY)
    return tuple(
        TargetAccount(str(each["accountId"]), str(each["roleArn"]))
        for each in (found if isinstance(found, list) else ())
    )


def account_differences(
    approved: Sequence[TargetAccount], found: Sequence[TargetAccount]
) -> list[str]:
    """Where the configured accounts are not exactly the approved ones, role for role."""
    wanted = {each.account_id: each.role_arn for each in approved}
    there = {each.account_id: each.role_arn for each in found}
    return [
        f"{KEY}.{account_id}: approved {wanted.get(account_id, 'nothing')}, "
        f"found {there.get(account_id, 'nothing')}"
        for account_id in sorted(wanted.keys() | there.keys())
        if wanted.get(account_id) != there.get(account_id)
    ]


def account_of(arn: str) -> str:
    """The account that an ARN names; empty for one that names none, such as a bucket's."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def target_tags(definition: JsonObject) -> dict[str, str]:
    """What an experiment carries, so that a stop in any of its accounts finds it without us."""
    return {TARGET_TAG + each.account_id: "true" for each in target_accounts(definition)}


def tagged_accounts(tags: Mapping[str, str]) -> tuple[str, ...]:
    """The accounts that these tags name, in a fixed order."""
    return tuple(sorted(key.removeprefix(TARGET_TAG) for key in tags if key.startswith(TARGET_TAG)))
