"""What the live room shows, in a constant number of queries, the same for everyone in it.

`live_room` reads once; `exercises.web.stream` calls it for all who watch, so nothing in it
may depend on the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from exercises.domain.exercise_phases import OVER, Phase
from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.timeline import planned_duration_s
from exercises.models import Exercise, Experiment, Run
from exercises.queries.approvals import approvals_shown
from exercises.queries.live_strip import UNDER_WAY, elapsed_label
from exercises.queries.room_clock import planned_elapsed, planned_since
from exercises.queries.room_detail import RoomDetail, room_detail
from exercises.queries.room_going_live import GoingLive, going_live, is_held
from exercises.queries.room_log import LogLine, log_lines
from exercises.queries.steady_now import SteadyNow, steady_now
from exercises.queries.stop_progress import StopProgress, stop_progress


@dataclass(frozen=True, slots=True)
class RoomView:
    """What one screen of the room looks at."""

    exercise_id: int
    experiment_id: int | None = None
    run_id: UUID | None = None
    notes_only: bool = False
    as_table: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `key` says in which words. Seconds are planned seconds."""

    key: str  # held, waiting, starting, running, ending, stopping, over, never
    elapsed_s: float
    planned_s: int
    percent: float
    starts_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoomRow:
    """One experiment of the table."""

    experiment_id: int
    run_id: UUID | None
    code: str
    title: str
    team: str
    state: str  # of the run; empty when it has none
    standing: str  # without a run: waits, never, not_approved, left_out
    verdict: str
    steady: SteadyNow | None
    outside_s: float | None
    progress: Progress
    can_stop: bool
    is_selected: bool


@dataclass(frozen=True, slots=True)
class Room:
    """The whole room at one moment."""

    exercise: Exercise
    now: datetime
    is_live: bool
    is_stopping: bool
    elapsed_label: str
    window_label: str
    fault_left_s: float | None
    counts: str
    running: int
    rows: tuple[RoomRow, ...]
    detail: RoomDetail | None
    stop: StopProgress | None
    log: Sequence[LogLine]
    going: GoingLive


def live_room(view: RoomView, *, now: datetime) -> Room:
    """The room as it is now. Raises Exercise.DoesNotExist."""
    exercise = Exercise.objects.get(pk=view.exercise_id)
    experiments = _experiments(exercise)
    runs = _latest_runs(experiments, view.run_id)
    steady = steady_now(list(runs.values()), now=now)
    standing = _standing(exercise, [e for e in experiments if e.pk not in runs], now)
    chosen = _chosen(view, experiments, runs)
    rows = tuple(
        _row(
            e,
            runs.get(e.pk),
            steady,
            standing=standing.get(e.pk, ""),
            is_selected=chosen is not None and e.pk == chosen.pk,
            now=now,
        )
        for e in experiments
    )
    run = runs.get(chosen.pk) if chosen else None
    under_way = [r for r in runs.values() if r.state in UNDER_WAY]
    stop = stop_progress(exercise, list(runs.values()))
    return Room(
        exercise=exercise,
        now=now,
        is_live=exercise.phase == Phase.LIVE.value or bool(under_way),
        is_stopping=exercise.stopped_at is not None,
        elapsed_label=_elapsed(exercise, list(runs.values()), now),
        window_label=_hours(exercise),
        fault_left_s=_fault_left(under_way, now),
        counts=_counts(rows),
        running=len(under_way),
        rows=rows,
        detail=room_detail(chosen, run, steady.get(run.pk) if run else None, now=now)
        if chosen
        else None,
        stop=stop,
        log=log_lines(exercise, notes_only=view.notes_only),
        going=going_live(exercise, experiments, runs),
    )


def _experiments(exercise: Exercise) -> list[Experiment]:
    return list(
        Experiment.objects.filter(exercise=exercise, status="proposed")
        .select_related(
            "exercise",
            "application__team",
            "deployment__place__account",
            "revision",
            "retest_of",
            "template_version",
            "preview",
        )
        .order_by("wave", "slot_offset_s", "pk")
    )


def _latest_runs(experiments: Sequence[Experiment], run_id: UUID | None) -> dict[int, Run]:
    """The newest run of each experiment, or the one that was asked for."""
    runs = (
        Run.objects.filter(experiment__in=experiments, is_rehearsal=False)
        .select_related("revision", "experiment")
        .order_by("scheduled_at", "created_at")
    )
    latest: dict[int, Run] = {}
    for run in runs:
        asked = latest.get(run.experiment_id)
        if asked is None or asked.pk != run_id:
            latest[run.experiment_id] = run
    return latest


def _chosen(
    view: RoomView, experiments: Sequence[Experiment], runs: Mapping[int, Run]
) -> Experiment | None:
    """What is asked for; else what runs, else what ran last, else the first that is planned."""
    for experiment in experiments:
        run = runs.get(experiment.pk)
        if experiment.pk == view.experiment_id or (run and run.pk == view.run_id):
            return experiment
    for experiment in experiments:
        run = runs.get(experiment.pk)
        if run and run.state in UNDER_WAY:
            return experiment
    ended = [e for e in experiments if e.pk in runs and runs[e.pk].ended_at]
    if ended:
        return max(ended, key=lambda e: runs[e.pk].ended_at or e.exercise.starts_at)
    return experiments[0] if experiments else None


def _standing(
    exercise: Exercise, without_run: Sequence[Experiment], now: datetime
) -> Mapping[int, str]:
    """Why each of these has no run: Go is yet to come, never came, or went without them."""
    if exercise.went_live_at is None:
        is_over = exercise.phase in OVER
        return {e.pk: "never" if is_over else "waits" for e in without_run}
    if not without_run:
        return {}
    approvals = approvals_shown(without_run, now=now)
    return {
        pk: "left_out" if status.is_complete else "not_approved" for pk, status in approvals.items()
    }


def _row(
    experiment: Experiment,
    run: Run | None,
    steady: Mapping[UUID, SteadyNow],
    *,
    standing: str,
    is_selected: bool,
    now: datetime,
) -> RoomRow:
    found = steady.get(run.pk) if run else None
    since = found.outside_since if found else None
    return RoomRow(
        experiment_id=experiment.pk,
        run_id=run.pk if run else None,
        code=experiment.code,
        title=experiment.title,
        team=experiment.application.team.name,
        state=run.state if run else "",
        standing=standing,
        verdict=run.verdict if run else "",
        steady=found if found and found.is_measured else None,
        outside_s=_planned_span(since, now) if since else None,
        progress=_progress(run, now, is_held=is_held(experiment, run)),
        can_stop=run is not None
        and RunState(run.state) not in TERMINAL
        and run.stop_requested_at is None,
        is_selected=is_selected,
    )


def _planned_span(since: datetime, now: datetime) -> float:
    return max(0.0, planned_since(since, now))


def _progress(run: Run | None, now: datetime, *, is_held: bool = False) -> Progress:
    if run is None:
        return Progress("never", 0, 0, 0, None, None)
    planned = planned_duration_s(run.revision.plan["definition"])
    moment = run.stop_requested_at if run.state == RunState.STOPPING.value else None
    elapsed = planned_elapsed(run, now=moment or now)
    state = RunState(run.state)
    key = {
        RunState.SCHEDULED: "waiting",
        RunState.STARTING: "starting",
        RunState.START_UNKNOWN: "starting",
        RunState.RUNNING: "running",
        RunState.STOPPING: "stopping",
        RunState.CANCELLED: "never",
        RunState.SKIPPED: "never",
    }.get(state, "over")
    if key == "running" and elapsed > planned:
        key = "ending"
    if is_held:
        key = "held"
    percent = min(100.0, 100 * elapsed / planned) if planned else 0.0
    starts_at = run.started_at or run.asked_at or run.scheduled_at
    return Progress(key, elapsed, planned, percent, starts_at, run.ended_at)


def _fault_left(under_way: Sequence[Run], now: datetime) -> float | None:
    """Planned seconds until the last running fault ends; None when none runs."""
    left = [
        planned_duration_s(run.revision.plan["definition"]) - planned_elapsed(run, now=now)
        for run in under_way
        if run.state == RunState.RUNNING.value and run.started_at
    ]
    return max(0.0, *left) if left else None


_COUNTED = (
    ("running", ("running", "starting", "start_unknown")),
    ("stopping", ("stopping",)),
    ("planned", ("scheduled",)),
    ("waiting for Go", ("waits",)),
    ("not started", ("never",)),
    ("not approved", ("not_approved",)),
    ("not in this Go", ("left_out",)),
    ("stopped", ("stopped",)),
    ("cancelled", ("cancelled",)),
    ("skipped", ("skipped",)),
    ("failed", ("failed",)),
    ("completed", ("completed",)),
)


def _counts(rows: Sequence[RoomRow]) -> str:
    """3 running, 1 planned, 1 completed."""
    found = Counter(row.state or row.standing for row in rows)
    totals = ((words, sum(found[state] for state in states)) for words, states in _COUNTED)
    return ", ".join(f"{total} {words}" for words, total in totals if total)


def _elapsed(exercise: Exercise, runs: Sequence[Run], now: datetime) -> str:
    """How long the exercise has been live; of a past one, how long it was."""
    started = [run.started_at for run in runs if run.started_at]
    since = exercise.went_live_at or min(started, default=None)
    if since is None:
        return elapsed_label(now, now)
    is_over = exercise.phase != Phase.LIVE.value and not any(run.state in UNDER_WAY for run in runs)
    ended = [run.ended_at for run in runs if run.ended_at]
    until = (exercise.ended_at or max(ended, default=None) or now) if is_over else now
    return elapsed_label(since, max(since, min(until, now)))


def _hours(exercise: Exercise) -> str:
    """02:30 for a window of two hours and a half."""
    minutes = int((exercise.ends_at - exercise.starts_at).total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
