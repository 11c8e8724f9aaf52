"""FIS itself: every operation of the API by its name, under one lock.

`Service.call` is what the front door calls; `lifecycle.Lifecycle` shares the lock and regions.
"""

from __future__ import annotations

import copy
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from simulator.clock import Clock
from simulator.fis import catalogue, experiments, levers, templates
from simulator.fis.records import Region, not_found, page
from simulator.knobs import Knobs
from simulator.wire import ApiError

Given = Mapping[str, Any]

MOVES_EXPERIMENTS = {"StartExperiment", "StopExperiment", "UpdateSafetyLeverState"}


class Service:
    """The state of FIS over all accounts and Regions."""

    def __init__(self, clock: Clock, rng: random.Random, knobs: Knobs) -> None:
        self.clock = clock
        self._knobs = knobs
        self.lock = threading.RLock()
        self.regions: dict[tuple[str, str], Region] = {}
        self._rng = rng
        self._operations = self._table()

    def call(self, operation: str, given: Given, account: str, region: str) -> dict[str, Any]:
        """Answer one operation for an account and Region."""
        with self.lock:
            here = self.regions.setdefault((account, region), Region(account, region))
            if self._knobs.hit("change_template", operation, account):
                templates.change_behind_everyone(here)
            result = copy.deepcopy(self._operations[operation](here, given))
        if operation in MOVES_EXPERIMENTS:
            self.clock.nudge()
        return result

    def _table(self) -> dict[str, Callable[[Region, Given], dict[str, Any]]]:
        clock, rng = self.clock, self._rng
        return {
            "CreateExperimentTemplate": lambda r, g: templates.create(r, g, clock.wall(), rng),
            "GetExperimentTemplate": templates.get,
            "UpdateExperimentTemplate": lambda r, g: templates.update(r, g, clock.wall()),
            "DeleteExperimentTemplate": templates.delete,
            "ListExperimentTemplates": templates.list_all,
            "CreateTargetAccountConfiguration": templates.create_account,
            "GetTargetAccountConfiguration": templates.get_account,
            "UpdateTargetAccountConfiguration": templates.update_account,
            "DeleteTargetAccountConfiguration": templates.delete_account,
            "ListTargetAccountConfigurations": templates.list_accounts,
            "StartExperiment": lambda r, g: experiments.start(r, g, clock.wall(), clock.now(), rng),
            "GetExperiment": experiments.get,
            "StopExperiment": lambda r, g: experiments.stop(r, g, clock.now(), self._stuck_s(r)),
            "ListExperiments": lambda r, g: experiments.list_all(r, g, self._seen_until(r)),
            "ListExperimentResolvedTargets": experiments.list_resolved,
            "GetExperimentTargetAccountConfiguration": experiments.get_account,
            "ListExperimentTargetAccountConfigurations": experiments.list_accounts,
            "GetSafetyLever": levers.get,
            "UpdateSafetyLeverState": lambda r, g: levers.update(r, g, clock.now()),
            "ListActions": _list_actions,
            "GetAction": _get_action,
            "ListTargetResourceTypes": _list_resource_types,
            "GetTargetResourceType": _get_resource_type,
            "TagResource": _tag,
            "UntagResource": _untag,
            "ListTagsForResource": lambda r, g: {"tags": _tags(r, g["resourceArn"])},
        }

    def leaves_behind(self, kind: str, action_id: str, account: str) -> bool:
        """Whether a rollback passes over the next resource of this action."""
        return self._knobs.hit(kind, action_id, account) is not None

    def _stuck_s(self, region: Region) -> float:
        knob = self._knobs.hit("stuck_stopping", "StopExperiment", region.account)
        return knob.seconds if knob else 0.0

    def _seen_until(self, region: Region) -> float:
        knob = self._knobs.hit("list_lag", "ListExperiments", region.account)
        return self.clock.now() - (knob.seconds if knob else 0.0)


def _action(region: Region, action: catalogue.Action) -> dict[str, Any]:
    target = {action.target_key: {"resourceType": action.resource_type}}
    return {
        "id": action.id,
        "arn": region.arn("action", action.id),
        "description": action.description,
        "targets": target if action.target_key else {},
        "tags": {},
    }


def _list_actions(region: Region, given: Given) -> dict[str, Any]:
    return page([_action(region, a) for a in catalogue.ACTIONS.values()], given, "actions")


def _get_action(region: Region, given: Given) -> dict[str, Any]:
    action = catalogue.ACTIONS.get(given["id"])
    if action is None:
        raise not_found("Action", given["id"])
    return {"action": {**_action(region, action), "parameters": _parameters(action)}}


def _list_resource_types(region: Region, given: Given) -> dict[str, Any]:
    kinds = [_resource_type(kind) for kind in catalogue.RESOURCE_TYPES.values()]
    return page(kinds, given, "targetResourceTypes")


def _get_resource_type(region: Region, given: Given) -> dict[str, Any]:
    kind = catalogue.RESOURCE_TYPES.get(given["resourceType"])
    if kind is None:
        raise not_found("Target resource type", given["resourceType"])
    shown = {**_resource_type(kind), "parameters": _parameters(kind)}
    return {"targetResourceType": shown}


def _resource_type(kind: catalogue.ResourceType) -> dict[str, Any]:
    return {"resourceType": kind.id, "description": kind.description}


def _parameters(kind: catalogue.Action | catalogue.ResourceType) -> dict[str, Any]:
    return {
        name: {"description": kind.rules[name].description, "required": name in kind.required}
        for name in kind.parameters
    }


def _tags(region: Region, arn: str) -> dict[str, str]:
    if arn not in region.tags:
        raise not_found("Resource", arn)
    return region.tags[arn]


def _tag(region: Region, given: Given) -> dict[str, Any]:
    _tags(region, given["resourceArn"]).update(given["tags"])
    return {}


def _untag(region: Region, given: Given) -> dict[str, Any]:
    tags = _tags(region, given["resourceArn"])
    if not given.get("tagKeys"):
        raise ApiError("ValidationException", "tagKeys must name at least one tag.")
    for key in given["tagKeys"]:
        tags.pop(key, None)
    return {}
