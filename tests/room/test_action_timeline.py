"""Actions as bars: what was planned, corrected by what the engine says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exercises.domain.run_states import RunState
from exercises.queries.action_timeline import RunFacts, action_timeline, offset_words

START = datetime(2026, 11, 18, 10, tzinfo=UTC)
DEFINITION = {
    "actions": {
        "Stop-one": {
            "actionId": "aws:ec2:stop-instances",
            "parameters": {"startInstancesAfterDuration": "PT20M"},
        },
        "Pause-volumes": {
            "actionId": "aws:ebs:pause-volume-io",
            "parameters": {"duration": "PT10M"},
            "startAfter": ["Stop-one"],
        },
    }
}


def seconds_of(moment: datetime) -> float:
    return (moment - START).total_seconds()


def timeline(state, elapsed, *observed, stop=False, ended=None, **probed):
    facts = RunFacts(state, stop, elapsed, ended, **probed)
    return action_timeline(DEFINITION, observed, facts, seconds_of=seconds_of)


def actions(found):
    """The rows between the probes before and the probes after."""
    return found.rows[1:-1]


def seen(status, began=0.0, ended=None, name="Stop-one"):
    def at(offset: float | None) -> str | None:
        return None if offset is None else (START + timedelta(seconds=offset)).isoformat()

    return {"name": name, "status": status, "started_at": at(began), "ended_at": at(ended)}


def test_a_plan_that_has_not_run_is_all_planned() -> None:
    found = timeline(None, None)
    assert [row.words for row in found.rows] == ["-10 min", "at start", "+20 min", "+30 min"]
    assert {bar.css for row in found.rows for bar in row.bars} == {"b-plan"}
    assert found.now is None
    assert found.fault == (0.0, 1800.0)


def test_a_running_action_shows_what_is_done_and_what_remains() -> None:
    row = timeline(RunState.RUNNING, 600.0, seen("running")).rows[1]
    assert [(bar.seconds, bar.css) for bar in row.bars] == [(600.0, "b"), (600.0, "b-rest")]
    assert row.words == "Running"


def test_an_action_of_no_targets_is_dashed_and_said() -> None:
    row = timeline(RunState.RUNNING, 600.0, seen("skipped")).rows[1]
    assert row.bars[0].css == "b-skip"
    assert row.words == "Skipped"


def test_after_a_stop_what_was_to_come_is_cancelled() -> None:
    found = timeline(RunState.STOPPING, 900.0, seen("stopping"), stop=True)
    assert [row.words for row in actions(found)] == ["Rolling back", "Cancelled"]
    assert actions(found)[1].bars == ()
    assert found.rows[-1].words == "After the Stop"


def test_the_fault_window_ends_when_the_run_ended() -> None:
    found = timeline(RunState.STOPPED, 900.0, seen("stopped", 0, 900), stop=True, ended=900.0)
    assert found.fault == (0.0, 900.0)
    assert found.now is None
    assert found.rows[1].words == "Stopped"


@pytest.mark.parametrize(
    ("where", "words"), [("inside", "Inside"), ("outside", "Outside"), ("", "No data")]
)
def test_the_baseline_has_a_row_that_says_where_the_probes_were(where: str, words: str) -> None:
    row = timeline(RunState.RUNNING, 600.0, seen("running"), baseline=where).rows[0]
    assert (row.name, row.words) == ("Baseline probes", words)
    assert [(bar.start, bar.seconds) for bar in row.bars] == [(-600, 600)]


def test_recovery_is_measured_for_five_minutes_after_the_end_also_of_a_stop() -> None:
    def recovery(since, where=""):
        ended = {"ended": 900.0, "stop": True, "since_start_s": since, "recovery": where}
        return timeline(RunState.STOPPED, 900.0, seen("stopped", 0, 900), **ended).rows[-1]

    assert recovery(1000.0).words == "Measuring"
    assert [bar.seconds for bar in recovery(1000.0).bars] == [100.0, 200.0]
    assert recovery(1300.0, "inside").words == "Inside"
    assert recovery(1300.0, "outside").words == "Outside"
    assert recovery(1300.0).words == "No data"


def test_of_a_run_that_never_began_nothing_is_measured() -> None:
    found = timeline(RunState.CANCELLED, None)
    assert {row.words for row in found.rows} == {"Cancelled"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "at start"), (0, "at start"), (45, "+45 s"), (120, "+2 min"), (150, "+2 min 30 s")],
)
def test_offsets_read_as_the_axis_counts(seconds: float, words: str) -> None:
    assert offset_words(seconds) == words


@pytest.mark.parametrize(
    ("found", "words", "css"),
    [
        ("", "+60 min", ["b-plan"]),
        ("inside", "Inside", ["b-ok"]),
        ("outside", "Outside", ["b-wait"]),
        ("none", "Not made", []),
    ],
)
def test_the_delayed_check_has_its_row(found: str, words: str, css: list[str]) -> None:
    drawn = timeline(
        RunState.COMPLETED,
        1800.0,
        ended=1800.0,
        since_start_s=2200.0,
        recheck_s=1800.0,
        recheck=found,
    )
    row = drawn.rows[-1]
    assert (row.name, row.note, row.words) == ("Checked again", "after 30 min", words)
    assert [bar.css for bar in row.bars] == css
    assert drawn.t1 == (2100.0 if found == "none" else 3600.0)
