"""What has become of FIS experiments, in few calls. Used by engines.fis.

An experiment whose actions are wanted costs one GetExperiment. All the others of a cycle
share one ListExperiments, and are read again only when their state has moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from exercises.aws.failures import aws_errors, error_code
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import ActionObservation, EngineStatus, Observation, Watch
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.engines import fis_accounts
from exercises.engines.fis_definition import differences_of_running

NOT_FOUND: Final = "ResourceNotFoundException"
_PAGE: Final = 100


def observe(access: AccountAccess, watches: Sequence[Watch]) -> list[Observation]:
    """One observation for each experiment that FIS still knows."""
    return [seen for seen in _observed(access, watches) if seen is not None]


def _observed(access: AccountAccess, watches: Sequence[Watch]) -> Iterator[Observation | None]:
    listed = _listed(access, {watch.ref for watch in watches if not watch.full})
    for watch in watches:
        if watch.full:
            yield observation(access, watch.ref, watch.approved)
            continue
        seen = listed.get(watch.ref)
        has_moved = seen is not None and seen.status is not watch.last_status
        yield observation(access, watch.ref) if has_moved else seen


def observation(
    access: AccountAccess, ref: str, approved: JsonObject | None = None
) -> Observation | None:
    """One experiment with its actions; None when FIS does not know it."""
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"read FIS experiment {ref} in {access.account_id}"):
        try:
            echo = fis.get_experiment(id=ref)["experiment"]
        except ClientError as error:
            if error_code(error) == NOT_FOUND:
                return None
            raise
    seen = observation_of(echo)
    if approved is None:
        return seen
    found = differences_of_running(approved, echo)
    found += fis_accounts.differences_of_running(access, ref, approved)
    return replace(seen, differences=tuple(found))


def observation_of(echo: Mapping[str, Any]) -> Observation:
    """An Experiment or an ExperimentSummary of FIS as an observation."""
    state = echo["state"]
    return Observation(
        ref=str(echo["id"]),
        status=_status(str(echo["id"]), state["status"]),
        reason=_reason(state),
        started_at=_utc(echo.get("startTime")),
        ended_at=_utc(echo.get("endTime")),
        actions=tuple(
            _action(name, action) for name, action in sorted(echo.get("actions", {}).items())
        ),
    )


def _status(ref: str, told: str) -> EngineStatus:
    try:
        return EngineStatus(told)
    except ValueError:
        raise EngineError(
            f"FIS says that {ref} is {told!r}, which is no state we know",
            outcome="unknown",
            retryable=True,
        ) from None


def _listed(access: AccountAccess, refs: set[str]) -> dict[str, Observation]:
    """These experiments as ListExperiments shows them; reads no page more than it needs."""
    found: dict[str, Observation] = {}
    if not refs:
        return found
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"list FIS experiments in {access.account_id}"):
        pages = fis.get_paginator("list_experiments").paginate(PaginationConfig={"PageSize": _PAGE})
        for page in pages:
            for summary in page["experiments"]:
                if summary["id"] in refs:
                    found[summary["id"]] = observation_of(summary)
            if len(found) == len(refs):
                break
    return found


def _action(name: str, echo: Mapping[str, Any]) -> ActionObservation:
    state = echo.get("state", {})
    return ActionObservation(
        name=name,
        action_id=str(echo.get("actionId", "")),
        status=str(state.get("status", "")),
        reason=str(state.get("reason", "")),
        started_at=_utc(echo.get("startTime")),
        ended_at=_utc(echo.get("endTime")),
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _reason(state: Mapping[str, Any]) -> str:
    """FIS's own words, with its error code when it gives one."""
    reason = str(state.get("reason", ""))
    code = state.get("error", {}).get("code", "")
    return f"{reason} ({code})" if code else reason
