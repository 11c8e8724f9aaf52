"""What FIS refuses in an experiment template, with its own texts where they are known.

Called when a template or one of its target accounts is created or updated. Rules: AWS FIS User
Guide, "Experiment template components" and "Quotas".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.fis.catalogue import ACTIONS, RESOURCE_TYPES, Action, ResourceType
from simulator.fis.experiment_log import group_of
from simulator.fis.records import not_found
from simulator.wire import ApiError

MAX_ACTIONS = 20
MAX_PARALLEL_ACTIONS = 10
MAX_STOP_CONDITIONS = 5
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/\S+", re.ASCII)
SELECTION = re.compile(r"ALL|COUNT\([1-9]\d*\)|PERCENT\((100|[1-9]\d?)\)")

Document = Mapping[str, Any]


def check_template(template: Document) -> None:
    """Raise ApiError for the first thing that FIS would refuse."""
    actions, targets = template["actions"], template.get("targets", {})
    if not actions:
        raise invalid("An experiment template must have at least one action.")
    _check_quota("actions per experiment template", len(actions), MAX_ACTIONS)
    for name, action in actions.items():
        _check_action(name, action, targets)
    _check_order(actions)
    for name, target in targets.items():
        _check_target(name, target)
    _check_stop_conditions(template["stopConditions"])
    _check_logging(template.get("logConfiguration"))


def check_account(account_id: str, role_arn: str) -> None:
    """Raise ApiError for a target account that FIS could never reach: the role is in it."""
    if not ACCOUNT.fullmatch(account_id):
        raise invalid(f"The account ID {account_id} must have 12 digits.")
    role = ROLE.fullmatch(role_arn)
    if role is None or role[1] != account_id:
        raise invalid(f"The role ARN {role_arn} must be a role in account {account_id}.")


def invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def _check_quota(what: str, count: int, most: int) -> None:
    if count > most:
        raise ApiError("ServiceQuotaExceededException", f"The quota of {what} is {most}.")


def _check_action(name: str, action: Document, targets: Document) -> None:
    kind = ACTIONS.get(action["actionId"])
    if kind is None:
        raise not_found("Action", action["actionId"])
    chosen = action.get("targets", {})
    for key, target in chosen.items():
        if key != kind.target_key:
            raise invalid(f'Unexpected target "{key}" found in action "{name}".')
        if target not in targets:
            raise invalid(f'Target "{target}" of action "{name}" is not defined.')
        if targets[target]["resourceType"] != kind.resource_type:
            raise invalid(f'Target "{target}" must have resource type {kind.resource_type}.')
    if kind.target_key and kind.target_key not in chosen:
        raise invalid(f'Missing required target "{kind.target_key}" in action "{name}".')
    _check_parameters(f'action "{name}"', kind, action.get("parameters", {}))


def _check_parameters(where: str, kind: Action | ResourceType, given: Document) -> None:
    for key in given:
        if key not in kind.parameters:
            raise invalid(f'Unexpected parameter "{key}" found in {where}.')
    for key in kind.required:
        if key not in given:
            raise invalid(f'Missing required parameter "{key}" in {where}.')
    for key, text in given.items():
        problem = kind.rules[key].problem(text)
        if problem:
            raise invalid(f'Parameter "{key}" of {where} {problem}.')


def _check_order(actions: Document) -> None:
    for name, action in actions.items():
        for earlier in action.get("startAfter", []):
            if earlier not in actions:
                raise invalid(f'Action "{name}" starts after unknown action "{earlier}".')
    waiting = {name: set(action.get("startAfter", [])) for name, action in actions.items()}
    while waiting:
        free = [name for name, earlier in waiting.items() if not earlier]
        if not free:
            raise invalid(f"Actions {', '.join(sorted(waiting))} wait for each other.")
        _check_quota("parallel actions per experiment", len(free), MAX_PARALLEL_ACTIONS)
        for name in free:
            del waiting[name]
        for earlier in waiting.values():
            earlier.difference_update(free)


def _check_target(name: str, target: Document) -> None:
    kind = RESOURCE_TYPES.get(target["resourceType"])
    if kind is None:
        raise invalid(f"Unknown resource type {target['resourceType']} in target {name}.")
    arns, tags = target.get("resourceArns"), target.get("resourceTags")
    parameters = target.get("parameters", {})
    if arns and tags:
        raise invalid(f"You cannot specify both resource ARNs and resource tags for target {name}.")
    if arns and target.get("filters"):
        raise invalid(f"You cannot specify both resource ARNs and filters for target {name}.")
    if not (arns or tags or parameters):
        raise invalid(
            "You must specify resource ARNs, resource tags, or resource parameters "
            f"for target {name}"
        )
    if kind.id == "aws:iam:role" and not arns:
        raise invalid(f"Target {name} of type aws:iam:role must be specified by resource ARNs.")
    _check_parameters(f'target "{name}"', kind, parameters)
    if not SELECTION.fullmatch(target["selectionMode"]):
        raise invalid(f"Selection mode of target {name} must be ALL, COUNT(n) or PERCENT(n).")


def _check_stop_conditions(conditions: list[Document]) -> None:
    _check_quota("stop conditions per experiment template", len(conditions), MAX_STOP_CONDITIONS)
    for condition in conditions:
        source, value = condition["source"], condition.get("value", "")
        if source not in ("none", "aws:cloudwatch:alarm"):
            raise invalid(f"Stop condition source {source} is not supported.")
        if source == "aws:cloudwatch:alarm" and ":alarm:" not in value:
            raise invalid("The value of a stop condition must be the ARN of an alarm.")


def _check_logging(logging: Document | None) -> None:
    if logging is None:
        return
    if not ({"cloudWatchLogsConfiguration", "s3Configuration"} & set(logging)):
        raise invalid("Must specify at least one log destination in logConfiguration")
    arn = logging.get("cloudWatchLogsConfiguration", {}).get("logGroupArn")
    if arn is not None and not group_of(arn):
        raise invalid(f"logGroupArn must be the ARN of a log group, not {arn}.")
