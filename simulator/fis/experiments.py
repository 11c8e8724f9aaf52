"""Experiments: start, stop and read them through the API. What runs them is lifecycle.py."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.fis.records import Experiment, Region, new_id, not_found, page
from simulator.wire import ApiError

Given = Mapping[str, Any]

MAX_ACTIVE = 5
FROM_TEMPLATE = (
    "roleArn",
    "targets",
    "actions",
    "stopConditions",
    "logConfiguration",
    "experimentReportConfiguration",
)
SUMMARY = (
    "id",
    "arn",
    "experimentTemplateId",
    "state",
    "creationTime",
    "tags",
    "experimentOptions",
)


def start(
    region: Region, given: Given, now: datetime, at: float, rng: random.Random
) -> dict[str, Any]:
    """StartExperiment; under an engaged safety lever the experiment ends at once as cancelled."""
    made = region.earlier("experiment", given)
    if made is not None:
        return {"experiment": shown(region, region.experiment(made))}
    template = region.template(given["experimentTemplateId"])
    if len(region.active()) >= MAX_ACTIVE:
        message = f"The quota of active experiments is {MAX_ACTIVE}."
        raise ApiError("ServiceQuotaExceededException", message)
    accounts = list(region.target_accounts[template["id"]].values())
    if template["experimentOptions"]["accountTargeting"] == "multi-account" and not accounts:
        message = "A multi-account experiment needs at least one target account configuration."
        raise ApiError("ValidationException", message)
    document = _document(region, template, given, now, new_id("EXP", rng))
    experiment = Experiment(
        document,
        region.account,
        region.name,
        {account["accountId"]: account["roleArn"] for account in accounts},
        at,
        copy.deepcopy(accounts),
    )
    region.experiments[experiment.id] = experiment
    region.tags[document["arn"]] = dict(given.get("tags", {}))
    region.remember("experiment", given, experiment.id)
    if region.lever["status"] != "disengaged":
        cancel(experiment, now)
    return {"experiment": shown(region, experiment)}


def _document(
    region: Region, template: Given, given: Given, now: datetime, experiment_id: str
) -> dict[str, Any]:
    actions_mode = given.get("experimentOptions", {}).get("actionsMode", "run-all")
    document: dict[str, Any] = {
        **{key: copy.deepcopy(template[key]) for key in FROM_TEMPLATE if key in template},
        "id": experiment_id,
        "arn": region.arn("experiment", experiment_id),
        "experimentTemplateId": template["id"],
        "creationTime": now,
        "experimentOptions": template["experimentOptions"] | {"actionsMode": actions_mode},
        "targetAccountConfigurationsCount": len(region.target_accounts[template["id"]]),
        "state": {"status": "pending", "reason": "Experiment is pending."},
    }
    if "experimentReportConfiguration" in document:
        document["experimentReport"] = {"state": {"status": "pending"}, "s3Reports": []}
    for action in document["actions"].values():
        action["state"] = {"status": "pending", "reason": "Initial state"}
    return document


def close_report(document: dict[str, Any]) -> None:
    """No report is written here: one that was asked for has failed, or never begun."""
    if "experimentReport" not in document:
        return
    is_preview = document["experimentOptions"]["actionsMode"] == "skip-all"
    if is_preview or document["state"]["status"] == "cancelled":
        state = {"status": "cancelled", "reason": "Previews and cancelled runs get no report."}
    else:
        state = {"status": "failed", "reason": "This simulator writes no reports."}
    document["experimentReport"]["state"] = state


def cancel(experiment: Experiment, now: datetime) -> None:
    """End an experiment that the safety lever kept from starting."""
    experiment.enter("cancelled", "Experiment cancelled by the safety lever.")
    experiment.document["endTime"] = now
    close_report(experiment.document)
    for action in experiment.document["actions"].values():
        action["state"] = {"status": "cancelled", "reason": "Action was cancelled."}


def request_stop(experiment: Experiment, reason: str, at: float) -> None:
    """Begin to stop: the first reason stays."""
    if experiment.enter("stopping", "Stopping Experiment."):
        experiment.stop_reason = reason
        experiment.stopping_since = at


def shown(region: Region, experiment: Experiment) -> dict[str, Any]:
    """An experiment as the API shows it."""
    return {**experiment.document, "tags": region.tags[experiment.document["arn"]]}


def get(region: Region, given: Given) -> dict[str, Any]:
    """GetExperiment."""
    return {"experiment": shown(region, region.experiment(given["id"]))}


def stop(region: Region, given: Given, at: float, stuck_s: float = 0.0) -> dict[str, Any]:
    """StopExperiment; on a terminal experiment it changes nothing."""
    experiment = region.experiment(given["id"])
    request_stop(experiment, "Experiment stopped.", at)
    experiment.stuck_s = max(experiment.stuck_s, stuck_s)
    return {"experiment": shown(region, experiment)}


def list_all(region: Region, given: Given, seen_until: float) -> dict[str, Any]:
    """ListExperiments, newest first; what was made after `seen_until` does not show yet."""
    wanted = given.get("experimentTemplateId")
    items = [
        {key: shown(region, experiment)[key] for key in SUMMARY}
        for experiment in reversed(region.experiments.values())
        if wanted in (None, experiment.document["experimentTemplateId"])
        and experiment.created_at <= seen_until
    ]
    return page(items, given, "experiments")


def list_resolved(region: Region, given: Given) -> dict[str, Any]:
    """ListExperimentResolvedTargets."""
    experiment = region.experiment(given["experimentId"])
    items = [
        {
            "resourceType": experiment.document["targets"][name]["resourceType"],
            "targetName": name,
            "targetInformation": resource.shown,
        }
        for name, resources in experiment.resolved.items()
        if given.get("targetName") in (None, name)
        for resource in resources
    ]
    return page(items, given, "resolvedTargets")


def list_accounts(region: Region, given: Given) -> dict[str, Any]:
    """ListExperimentTargetAccountConfigurations."""
    experiment = region.experiment(given["experimentId"])
    return page(experiment.account_configurations, given, "targetAccountConfigurations")


def get_account(region: Region, given: Given) -> dict[str, Any]:
    """GetExperimentTargetAccountConfiguration."""
    for account in region.experiment(given["experimentId"]).account_configurations:
        if account["accountId"] == given["accountId"]:
            return {"targetAccountConfiguration": account}
    raise not_found("Target account configuration", given["accountId"])
