"""The selected experiment of the live room: its actions, its steady state, its targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.steady_state import limit_words, probes_from_json
from exercises.models import Experiment, Run, Sample
from exercises.queries.action_timeline import ActionTimeline, RunFacts, action_timeline
from exercises.queries.room_clock import planned_elapsed, planned_since
from exercises.queries.room_targets import AlarmView, TargetsView, alarms_view, targets_view
from exercises.queries.steady_now import ProbeNow, SteadyNow


@dataclass(frozen=True, slots=True)
class ProbeChart:
    """One probe over time, in planned seconds from the start of the fault."""

    key: str
    name: str
    limit: str
    value: float | None
    where: str  # inside, outside, unknown, not measured yet
    decimals: int
    unit: str
    low: float | None
    high: float | None
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class RoomDetail:
    """Everything below the table of experiments, for one of them."""

    experiment: Experiment
    run: Run | None
    state: str
    timeline: ActionTimeline | None
    charts: tuple[ProbeChart, ...]
    targets: TargetsView
    alarms: tuple[AlarmView, ...]
    alarms_words: str


def room_detail(
    experiment: Experiment, run: Run | None, steady: SteadyNow | None, *, now: datetime
) -> RoomDetail:
    """The detail in two queries: the samples of the run and what it really hit.

    The experiment must come with its revision, template version and preview.
    """
    revision = run.revision if run else experiment.revision
    plan = revision.plan if revision else None
    definition = plan["definition"] if plan else {}
    return RoomDetail(
        experiment=experiment,
        run=run,
        state=run.state if run else "",
        timeline=_timeline(definition, run, now) if plan else None,
        charts=_charts(plan["steady_state"], run, steady) if plan else (),
        targets=_targets(experiment, run),
        alarms=alarms_view(definition, reason=run.state_reason if run else ""),
        alarms_words=_alarms_words(run),
    )


def _timeline(definition: dict[str, object], run: Run | None, now: datetime) -> ActionTimeline:
    start = run.started_at if run else None
    facts = RunFacts(
        state=RunState(run.state) if run else None,
        is_stop_asked=run is not None and run.stop_requested_at is not None,
        elapsed_s=planned_elapsed(run, now=now) if run and start else None,
        ended_s=planned_since(start, run.ended_at, run) if run and start and run.ended_at else None,
    )
    return action_timeline(
        definition,
        run.actions if run else (),
        facts,
        seconds_of=lambda moment: planned_since(start, moment, run) if start else 0.0,
    )


def _charts(rows: object, run: Run | None, steady: SteadyNow | None) -> tuple[ProbeChart, ...]:
    points: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    start = (run.started_at or run.scheduled_at) if run else None
    if run and start:
        samples = Sample.objects.filter(run=run).order_by("at")
        for probe, at, value in samples.values_list("probe", "at", "value"):
            points[probe].append((planned_since(start, at, run), value))
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
            points=tuple(points[spec.key]),
        )
        for spec in probes_from_json(rows)
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
    return targets_view(fleet, frozenset(hit), limit=experiment.target_cap, phase=_phase(run))


def _phase(run: Run | None) -> str:
    if run is None or run.started_at is None:
        return "before"
    if run.state == RunState.STOPPING.value:
        return "returning"
    return "over" if RunState(run.state) in TERMINAL else "fault"


def _alarms_words(run: Run | None) -> str:
    if run is None or run.started_at is None:
        return "armed from the start"
    return "over" if RunState(run.state) in TERMINAL else "armed"
