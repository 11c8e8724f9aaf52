"""The log that an experiment writes to CloudWatch Logs, schema versions 1 and 2.

The lifecycle notes what happens and writes it after every step, straight into moto's store as
the delivery service of AWS would. AWS FIS User Guide, "Experiment logging for AWS FIS".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.logs.models import LogsBackend, logs_backends

from simulator.fis.records import Experiment, Resource

TARGETS_PER_RECORD = 100


def group_of(arn: str) -> str:
    """The log group of `arn:aws:logs:...:log-group:NAME:*`; empty when it is no such ARN."""
    _, found, rest = arn.partition(":log-group:")
    return rest.removesuffix(":*") if found else ""


def missing_group(experiment: Experiment) -> str:
    """The log group that the experiment is to write to and that is not there."""
    group = _group(experiment)
    return group if group and group not in _store(experiment).groups else ""


def note_start(experiment: Experiment, now: datetime) -> None:
    details = {"experiment_template_id": experiment.document["experimentTemplateId"]}
    _note(experiment, now, "experiment-start", {**details, "experiment_start_time": _text(now)})


def note_end(experiment: Experiment, now: datetime) -> None:
    state = dict(experiment.document["state"])
    details = {"experiment_end_time": _text(now), "experiment_state": state}
    _note(experiment, now, "experiment-end", details)


def note_resolution(
    experiment: Experiment,
    now: datetime,
    name: str,
    accounts: Sequence[str],
    found: Sequence[Resource],
    error: str = "",
    failed_in: str = "",
) -> None:
    """A target was resolved, or could not be: in one account, or in all of them."""
    kind = experiment.document["targets"][name]["resourceType"]
    of_target = {"target_name": name, "target_type": kind}
    start = {"target_resolution_start_time": _text(now), "target_name": name}
    _note(experiment, now, "target-resolution-start", start)
    end = {"target_resolution_end_time": _text(now), **of_target}
    for account in accounts if _version(experiment) == 2 else ():
        count = sum(resource.account == account for resource in found)
        is_failed = error and failed_in in ("", account)
        status = {"status": "failed", "error_information": error} if is_failed else {}
        details = {"account_id": account, "resolved_targets_count": count, "status": "completed"}
        _note(experiment, now, "target-resolution-detail", {**end, **details, **status})
    pages = list(_pages(found))
    for number, page in enumerate(pages, start=1):
        paging = {
            "page": number,
            "total_pages": len(pages),
            "total_resolved_targets_count": len(found),
        }
        of_page = {"resolved_targets": [resource.shown for resource in page], **paging}
        _note(experiment, now, "target-resolution-end", {**end, **of_page})


def note_action(experiment: Experiment, name: str, now: datetime, account: str = "") -> None:
    """An action began, or is over, or went wrong in an account, as its state says."""
    action = experiment.document["actions"][name]
    state = dict(action["state"])
    details = {"action_name": name, "action_id": action["actionId"]}
    if state["status"] == "running":
        details |= {
            "action_start_time": _text(now),
            "action_targets": dict(action.get("targets", {})),
            "parameters": dict(action.get("parameters", {})),
        }
        _note(experiment, now, "action-start", details)
        return
    if state["status"] == "failed":
        account_id = account or experiment.account
        error = {**details, "account_id": account_id, "action_state": state}
        _note(experiment, now, "action-error", error)
    _note(
        experiment,
        now,
        "action-end",
        {**details, "action_end_time": _text(now), "action_state": state},
    )


def write(experiment: Experiment) -> None:
    """Send what was noted to the log group; a group that is gone by now gets nothing."""
    group = _store(experiment).groups.get(_group(experiment)) if experiment.notes else None
    if group is None:
        experiment.notes.clear()
        return
    stream = f"/aws/fis/{experiment.id}"
    if stream not in group.streams:
        group.create_log_stream(stream)
    events = [
        {"timestamp": int(at.timestamp() * 1000), "message": json.dumps(record)}
        for at, record in experiment.notes
    ]
    experiment.notes.clear()
    group.put_log_events(stream, events)


def _note(experiment: Experiment, now: datetime, kind: str, details: Mapping[str, Any]) -> None:
    if not _group(experiment):
        return
    record = {
        "id": experiment.id,
        "log_type": kind,
        "event_timestamp": _text(now),
        "version": str(_version(experiment)),
        "details": details,
    }
    experiment.notes.append((now, record))


def _pages(found: Sequence[Resource]) -> Iterator[Sequence[Resource]]:
    for start in range(0, max(1, len(found)), TARGETS_PER_RECORD):
        yield found[start : start + TARGETS_PER_RECORD]


def _group(experiment: Experiment) -> str:
    logging = experiment.document.get("logConfiguration", {})
    return group_of(logging.get("cloudWatchLogsConfiguration", {}).get("logGroupArn", ""))


def _version(experiment: Experiment) -> int:
    return int(experiment.document.get("logConfiguration", {}).get("logSchemaVersion", 0))


def _store(experiment: Experiment) -> LogsBackend:
    return logs_backends[experiment.account][experiment.region]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
