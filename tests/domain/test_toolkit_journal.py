"""What a journal of the Chaos Toolkit really says, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from exercises.domain.engine_values import EngineStatus
from exercises.domain.toolkit_journal import deviation_of, outcome_of

COMPLETED, STOPPED = EngineStatus.COMPLETED, EngineStatus.STOPPED
FAILED, CANCELLED = EngineStatus.FAILED, EngineStatus.CANCELLED


def state(*, met: bool, probe: str = "no-5xx") -> dict[str, Any]:
    return {"steady_state_met": met, "probes": [{"activity": {"name": probe}}]}


def ran(status: str | None, name: str = "to-zero") -> dict[str, Any]:
    entry: dict[str, Any] = {"activity": {"name": name}}
    if status:
        entry["status"] = status
    if status == "failed":
        entry["exception"] = ["Traceback", "ActivityFailed: no such service\n"]
    return entry


def journal(status: str, *, deviated: bool = False, **more: Any) -> dict[str, Any]:
    states = {"before": more.pop("before", None), "after": more.pop("after", None)}
    states["during"] = more.pop("during", [])
    ran_so = {"run": [ran("succeeded")], "rollbacks": []}
    return {"status": status, "deviated": deviated, "steady_states": states, **ran_so, **more}


MET, UNMET = state(met=True), state(met=False)
ROWS: list[tuple[str, dict[str, Any], EngineStatus, str]] = [
    ("all as expected", journal("completed", before=MET, after=MET), COMPLETED, ""),
    ("without a hypothesis", journal("completed"), COMPLETED, ""),
    (
        "not as expected before: completed, not deviated, and nothing was tried",
        journal("completed", before=UNMET, run=[]),
        CANCELLED,
        "Nothing was injected: no-5xx was not as expected before.",
    ),
    (
        "a probe that broke before: the status is failed",
        journal("failed", before=UNMET, run=[]),
        CANCELLED,
        "Nothing was injected: no-5xx was not as expected before.",
    ),
    (
        "not as expected after: completed and deviated",
        journal("completed", deviated=True, before=MET, after=UNMET),
        COMPLETED,
        "no-5xx was not as expected after it.",
    ),
    (
        "not as expected while it ran, and well again after",
        journal("completed", before=MET, during=[MET, UNMET], after=MET),
        COMPLETED,
        "no-5xx was not as expected while it ran.",
    ),
    (
        "an action that failed: the status is completed",
        journal("completed", before=MET, run=[ran("failed")], after=MET),
        FAILED,
        "to-zero failed. ActivityFailed: no such service",
    ),
    (
        "a rollback that failed",
        journal("completed", rollbacks=[ran("failed", "put-back")]),
        FAILED,
        "Not everything was put back. put-back failed. ActivityFailed: no such service",
    ),
    (
        "interrupted: its activity has no status",
        journal("interrupted", run=[ran(None)], rollbacks=[ran("succeeded")]),
        STOPPED,
        "It was stopped; rollbacks were played.",
    ),
    ("given up", journal("aborted"), FAILED, "The Chaos Toolkit gave up in the middle of it."),
    ("no status", {"run": []}, FAILED, "The journal ends with the status 'None'."),
]


@pytest.mark.parametrize(
    ("told", "status", "reason"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_journal_is_read_for_what_it_means(
    told: dict[str, Any], status: EngineStatus, reason: str
) -> None:
    outcome = outcome_of(told)
    assert (outcome.status, outcome.reason) == (status, reason)


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, [None]])
@pytest.mark.parametrize("key", ["steady_states", "run", "rollbacks", "status", "deviated"])
def test_a_journal_of_another_shape_is_read_all_the_same(key: str, odd: object) -> None:
    told = {**journal("completed"), key: odd}
    assert outcome_of(told).status.is_terminal
    deviation_of(told)
