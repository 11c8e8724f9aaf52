"""Experiment templates and their target account configurations: the API around them."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.fis.records import Region, new_id, not_found, page
from simulator.fis.template_rules import check_account, check_template
from simulator.wire import ApiError

Given = Mapping[str, Any]

MAX_TEMPLATES = 500
MAX_TARGET_ACCOUNTS = 40
BODY = ("description", "actions", "targets", "stopConditions", "roleArn")
OPTIONAL_BODY = ("logConfiguration", "experimentReportConfiguration")
SUMMARY = ("id", "arn", "description", "creationTime", "lastUpdateTime", "tags")


def create(region: Region, given: Given, now: datetime, rng: random.Random) -> dict[str, Any]:
    """CreateExperimentTemplate."""
    made = region.earlier("template", given)
    if made is not None:
        return {"experimentTemplate": shown(region, region.template(made))}
    if len(region.templates) >= MAX_TEMPLATES:
        message = f"The quota of experiment templates is {MAX_TEMPLATES}."
        raise ApiError("ServiceQuotaExceededException", message)
    check_template(given)
    template_id = new_id("EXT", rng)
    options = {"accountTargeting": "single-account", "emptyTargetResolutionMode": "fail"}
    template: dict[str, Any] = {
        "targets": {},
        **{key: copy.deepcopy(given[key]) for key in BODY + OPTIONAL_BODY if key in given},
        "id": template_id,
        "arn": region.arn("experiment-template", template_id),
        "creationTime": now,
        "lastUpdateTime": now,
        "experimentOptions": options | given.get("experimentOptions", {}),
    }
    region.templates[template_id] = template
    region.target_accounts[template_id] = {}
    region.tags[template["arn"]] = dict(given.get("tags", {}))
    region.remember("template", given, template_id)
    return {"experimentTemplate": shown(region, template)}


def shown(region: Region, template: Given) -> dict[str, Any]:
    """A template as the API shows it."""
    return {
        **template,
        "tags": region.tags[template["arn"]],
        "targetAccountConfigurationsCount": len(region.target_accounts[template["id"]]),
    }


def get(region: Region, given: Given) -> dict[str, Any]:
    """GetExperimentTemplate."""
    return {"experimentTemplate": shown(region, region.template(given["id"]))}


def update(region: Region, given: Given, now: datetime) -> dict[str, Any]:
    """UpdateExperimentTemplate: what is given replaces what was there."""
    template = region.template(given["id"])
    changed = copy.deepcopy(template)
    changed.update({key: given[key] for key in BODY + OPTIONAL_BODY if key in given})
    changed["experimentOptions"].update(given.get("experimentOptions", {}))
    check_template(changed)
    template.update(changed, lastUpdateTime=now)
    return {"experimentTemplate": shown(region, template)}


def change_behind_everyone(region: Region) -> None:
    """What somebody does in the console, unseen: no stop condition holds any more."""
    for template in region.templates.values():
        template["stopConditions"] = [{"source": "none"}]


def delete(region: Region, given: Given) -> dict[str, Any]:
    """DeleteExperimentTemplate."""
    document = shown(region, region.template(given["id"]))
    del region.templates[given["id"]]
    del region.target_accounts[given["id"]]
    del region.tags[document["arn"]]
    return {"experimentTemplate": document}


def list_all(region: Region, given: Given) -> dict[str, Any]:
    """ListExperimentTemplates."""
    items = [
        {key: shown(region, template)[key] for key in SUMMARY}
        for template in region.templates.values()
    ]
    return page(items, given, "experimentTemplates")


def create_account(region: Region, given: Given) -> dict[str, Any]:
    """CreateTargetAccountConfiguration."""
    template = region.template(given["experimentTemplateId"])
    accounts = region.target_accounts[template["id"]]
    account_id = given["accountId"]
    if region.earlier("account", given) is None:
        if template["experimentOptions"]["accountTargeting"] != "multi-account":
            raise ApiError("ValidationException", "The template does not target multiple accounts.")
        if account_id in accounts:
            message = f"A target account configuration for {account_id} exists already."
            raise ApiError("ConflictException", message)
        if len(accounts) >= MAX_TARGET_ACCOUNTS:
            message = f"The quota of target account configurations is {MAX_TARGET_ACCOUNTS}."
            raise ApiError("ServiceQuotaExceededException", message)
        check_account(account_id, given["roleArn"])
        keys = ("accountId", "roleArn", "description")
        accounts[account_id] = {key: given[key] for key in keys if key in given}
        region.remember("account", given, account_id)
    return {"targetAccountConfiguration": _account(region, given)}


def get_account(region: Region, given: Given) -> dict[str, Any]:
    """GetTargetAccountConfiguration."""
    return {"targetAccountConfiguration": _account(region, given)}


def update_account(region: Region, given: Given) -> dict[str, Any]:
    """UpdateTargetAccountConfiguration."""
    account = _account(region, given)
    check_account(account["accountId"], given.get("roleArn", account["roleArn"]))
    account.update({key: given[key] for key in ("roleArn", "description") if key in given})
    return {"targetAccountConfiguration": account}


def delete_account(region: Region, given: Given) -> dict[str, Any]:
    """DeleteTargetAccountConfiguration."""
    account = _account(region, given)
    del region.target_accounts[given["experimentTemplateId"]][given["accountId"]]
    return {"targetAccountConfiguration": account}


def list_accounts(region: Region, given: Given) -> dict[str, Any]:
    """ListTargetAccountConfigurations."""
    template = region.template(given["experimentTemplateId"])
    items = list(region.target_accounts[template["id"]].values())
    return page(items, given, "targetAccountConfigurations")


def _account(region: Region, given: Given) -> dict[str, Any]:
    template = region.template(given["experimentTemplateId"])
    accounts = region.target_accounts[template["id"]]
    if given["accountId"] not in accounts:
        raise not_found("Target account configuration", given["accountId"])
    return accounts[given["accountId"]]
