"""The safety lever of an account and Region: stops what runs, keeps the rest from starting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.fis.experiments import request_stop
from simulator.fis.records import Region, not_found
from simulator.wire import ApiError

LEVER = "default"


def get(region: Region, given: Mapping[str, Any]) -> dict[str, Any]:
    """GetSafetyLever."""
    if given["id"] != LEVER:
        raise not_found("Safety lever", given["id"])
    arn = region.arn("safety-lever", LEVER)
    return {"safetyLever": {"id": LEVER, "arn": arn, "state": dict(region.lever)}}


def update(region: Region, given: Mapping[str, Any], at: float) -> dict[str, Any]:
    """UpdateSafetyLeverState: engaging until every running experiment has ended."""
    get(region, given)
    if region.lever["status"] == "engaging":
        raise ApiError("ConflictException", "The safety lever is engaging and cannot be changed.")
    wanted, reason = given["state"]["status"], given["state"]["reason"]
    region.lever = {"status": wanted, "reason": reason}
    if wanted == "engaged":
        for experiment in region.active():
            request_stop(experiment, "Experiment stopped by the safety lever.", at)
        settle(region, engaging=True)
    return get(region, given)


def settle(region: Region, *, engaging: bool = False) -> None:
    """Engaging while experiments still stop, engaged once none does."""
    if engaging or region.lever["status"] == "engaging":
        region.lever["status"] = "engaging" if region.active() else "engaged"
