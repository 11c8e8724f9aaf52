"""The selected experiment of the live room: its actions, its steady state, its targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.steady_state import ProbeSpec, limit_words, probes_from_json
from exercises.models import Experiment, Run
from exercises.queries.action_timeline import ActionTimeline, RunFacts, action_timeline
from exercises.queries.detection import ChainRow, chain_rows, detection_of
from exercises.queries.judgements import judgements_asked
from exercises.queries.room_clock import planned_elapsed, planned_since
from exercises.queries.room_measurements import (
    Measured,
    Points,
    baseline_of,
    earlier_run,
    measured_in,
    recovery_of,
)
from exercises.queries.room_targets import AlarmView, TargetsView, alarms_view, targets_view
from exercises.queries.steady_now import ProbeNow, SteadyNow
from exercises.queries.target_view import account_names


@dataclass(frozen=True, slots=True)
class ProbeChart:
    """One probe over time, in planned seconds from the start of the fault; `earlier` is the
    last run of the same kind."""

    key: str
    name: str
    limit: str
    value: float | None
    where: str  # inside, outside, unknown, not measured yet
    decimals: int
    unit: str
    low: float | None
    high: float | None
    points: Points
    earlier: Points


@dataclass(frozen=True, slots=True)
class RoomDetail:
    """Everything below the table of experiments, for one of them."""

    experiment: Experiment
    run: Run | None
    state: str
    timeline: ActionTimeline | None
    charts: tuple[ProbeChart, ...]
    earlier_at: datetime | None
    targets: TargetsView
    alarms: tuple[AlarmView, ...]
    alarms_words: str
    chain: tuple[ChainRow, ...]
    may_acknowledge: bool
    asked: tuple[ProbeSpec, ...]
    """What people are asked to judge."""


def room_detail(
    experiment: Experiment, run: Run | None, steady: SteadyNow | None, *, now: datetime
) -> RoomDetail:
    """The detail in four queries: what the run measured and the last of its kind, what the run
    really hit, and when it was seen.

    The experiment must come with its exercise, revision, template version and preview.
    """
    revision = run.revision if run else experiment.revision
    plan = revision.plan if revision else None
    definition = plan["definition"] if plan else {}
    specs = probes_from_json(plan["steady_state"]) if plan else ()
    earlier = earlier_run(experiment, run)
    measured = measured_in(*(found for found in (run, earlier) if found))
    of_run = measured.get(run.pk, {}) if run else {}
    of_earlier = measured.get(earlier.pk, {}) if earlier else {}
    chain = detection_of(run) if run else None
    return RoomDetail(
        experiment=experiment,
        run=run,
        state=run.state if run else "",
        timeline=_timeline(plan, run, specs, of_run, now) if plan else None,
        charts=_charts(specs, steady, of_run, of_earlier),
        earlier_at=earlier.started_at if earlier else None,
        targets=_targets(experiment, run),
        alarms=alarms_view(definition, run.alarms if run else (), stopped_by_alarm=_is_halted(run)),
        alarms_words=_alarms_words(run),
        chain=chain_rows(chain) if chain else (),
        may_acknowledge=chain is not None and chain.acknowledged is None and not chain.is_over,
        asked=judgements_asked(run),
    )


def _timeline(
    plan: dict[str, Any],
    run: Run | None,
    specs: Sequence[ProbeSpec],
    measured: Measured,
    now: datetime,
) -> ActionTimeline:
    start = run.started_at if run else None
    ended_s = planned_since(start, run.ended_at, run) if run and start and run.ended_at else None
    facts = RunFacts(
        state=RunState(run.state) if run else None,
        is_stop_asked=run is not None and run.stop_requested_at is not None,
        elapsed_s=planned_elapsed(run, now=now) if run and start else None,
        ended_s=ended_s,
        since_start_s=planned_since(start, now, run) if start else None,
        baseline=baseline_of(specs, measured),
        recovery=recovery_of(specs, measured, ended_s) if ended_s is not None else "",
        recheck_s=60.0 * plan.get("recheck_after_min", 0),
        recheck=_recheck(run) if run else "",
    )
    return action_timeline(
        plan["definition"],
        run.actions if run else (),
        facts,
        seconds_of=lambda moment: planned_since(start, moment, run) if start else 0.0,
    )


def _recheck(run: Run) -> str:
    """What the delayed check found, as the verdict keeps it."""
    if run.judged_at is None:
        return ""
    found = [probe.get("was_steady_later") for probe in run.judgement.get("probes", [])]
    if not found or None in found:
        return "none"
    return "inside" if all(found) else "outside"


def _charts(
    specs: Sequence[ProbeSpec], steady: SteadyNow | None, measured: Measured, earlier: Measured
) -> tuple[ProbeChart, ...]:
    newest: dict[str, ProbeNow] = {p.spec.key: p for p in steady.probes} if steady else {}
    return tuple(
        ProbeChart(
            key=spec.key,
            name=spec.name,
            limit=limit_words(spec),
            value=_newest(newest.get(spec.key)),
            where=_where(newest.get(spec.key)),
            decimals=spec.decimals,
            unit=spec.unit,
            low=spec.low,
            high=spec.high,
            points=measured.get(spec.key, ()),
            earlier=earlier.get(spec.key, ()),
        )
        for spec in specs
    )


def _newest(probe: ProbeNow | None) -> float | None:
    return None if probe is None or probe.key == "unknown" else probe.value


def _where(probe: ProbeNow | None) -> str:
    return "not measured yet" if probe is None or probe.at is None else probe.key


def _targets(experiment: Experiment, run: Run | None) -> TargetsView:
    preview = getattr(experiment, "preview", None)
    hit = set(run.targets.values_list("arn", flat=True)) if run else set()
    if not hit and preview is not None:
        hit = {str(target["arn"]) for target in preview.targets}
    fleet = (run.fleet if run else None) or (preview.fleet if preview else [])
    return targets_view(
        fleet,
        frozenset(hit),
        limit=experiment.target_cap,
        phase=_phase(run),
        accounts=account_names(experiment),
    )


def _phase(run: Run | None) -> str:
    if run is None or run.started_at is None:
        return "before"
    if run.state == RunState.STOPPING.value:
        return "returning"
    return "over" if RunState(run.state) in TERMINAL else "fault"


def _is_halted(run: Run | None) -> bool:
    """Stopped, and not because a person asked."""
    return run is not None and run.state == RunState.STOPPED.value and run.stop_requested_at is None


def _alarms_words(run: Run | None) -> str:
    if run is None or run.started_at is None:
        return "armed from the start"
    return "over" if RunState(run.state) in TERMINAL else "armed"
