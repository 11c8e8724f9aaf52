"""The accounts of one FIS experiment in several. Used by engines.fis and engines.fis_observation.

Each is a target account configuration of the template: an account and the role by which FIS
acts there (AWS FIS User Guide, "Working with multi-account experiments for AWS FIS"). A
definition of one account has none and asks nothing here: the count in every echo of FIS tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.target_accounts import (
    KEY,
    TargetAccount,
    account_differences,
    target_accounts,
)


def configure(access: AccountAccess, template_ref: str, definition: JsonObject) -> None:
    """Give the template the accounts that it does not have yet. Safe to repeat: the client
    token belongs to the template and the account."""
    wanted = target_accounts(definition)
    if not wanted:
        return
    there = {each.account_id for each in _configured(access, template_ref)}
    fis = client(access, "fis", Purpose.START)
    for account in (each for each in wanted if each.account_id not in there):
        action = f"add account {account.account_id} to FIS template {template_ref}"
        with aws_errors(f"{action} in {access.account_id}", changes=True):
            fis.create_target_account_configuration(
                clientToken=f"chaosplane-{template_ref}-{account.account_id}",
                experimentTemplateId=template_ref,
                accountId=account.account_id,
                roleArn=account.role_arn,
            )


def unapproved(access: AccountAccess, template_ref: str, definition: JsonObject) -> list[str]:
    """What the template's accounts have that is not in the definition; not what they lack."""
    wanted = target_accounts(definition)
    if not wanted:
        return []
    there = _configured(access, template_ref)
    ids = {each.account_id for each in there}
    return account_differences([each for each in wanted if each.account_id in ids], there)


def differences(access: AccountAccess, template_ref: str, definition: JsonObject) -> list[str]:
    """Where the template's accounts are not exactly those of the definition."""
    wanted = target_accounts(definition)
    return account_differences(wanted, _configured(access, template_ref)) if wanted else []


def differences_of_running(access: AccountAccess, ref: str, definition: JsonObject) -> list[str]:
    """The same for an experiment: it keeps the accounts that it was started with."""
    wanted = target_accounts(definition)
    return account_differences(wanted, list(_of_experiment(access, ref))) if wanted else []


def _configured(access: AccountAccess, template_ref: str) -> list[TargetAccount]:
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"list the accounts of FIS template {template_ref} in {access.account_id}"):
        pages = fis.get_paginator("list_target_account_configurations").paginate(
            experimentTemplateId=template_ref
        )
        return [_account(found) for page in pages for found in page[KEY]]


def _of_experiment(access: AccountAccess, ref: str) -> Iterator[TargetAccount]:
    """Page by page: botocore has no paginator for these."""
    fis = client(access, "fis", Purpose.READ)
    more: dict[str, str] = {}
    while True:
        with aws_errors(f"list the accounts of FIS experiment {ref} in {access.account_id}"):
            page = fis.list_experiment_target_account_configurations(experimentId=ref, **more)
        yield from map(_account, page[KEY])
        if not page.get("nextToken"):
            return
        more = {"nextToken": page["nextToken"]}


def _account(found: Mapping[str, Any]) -> TargetAccount:
    return TargetAccount(str(found["accountId"]), str(found["roleArn"]))
