"""Did the hypothesis hold? Judged from readings alone, so that anybody can judge again.

Held: every probe was inside before the fault, never outside for longer than its grace, inside
again at the end, and inside at the delayed check where one is planned. Not held: a probe was
outside for longer, did not recover, or was outside or silent at that check.
Inconclusive: nothing can be said, and the reason says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from exercises.domain.engine_values import Reading
from exercises.domain.probe_sources import JUDGEMENT
from exercises.domain.rechecks import WINDOW_S
from exercises.domain.steady_state import MISSING_AFTER_S, ProbeSpec, is_inside


class RunVerdict(StrEnum):
    HELD = "held"
    NOT_HELD = "not_held"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class ProbeJudgement:
    """One probe over one run. Durations are planned seconds; `worst` is in the probe's unit.

    `is_beyond` says that this probe alone makes the hypothesis fall. `outside_from` and
    `outside_to` are the longest time outside, `first_outside` and `back_inside` the whole of it.
    `was_steady_later` is what the delayed check found; None where none was made.
    """

    key: str
    baseline_ok: bool
    outside_from: datetime | None
    outside_to: datetime | None
    longest_outside_s: float
    recovered: bool
    worst: float | None
    missing: bool
    is_beyond: bool
    first_outside: datetime | None = None
    back_inside: datetime | None = None
    was_steady_later: bool | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: RunVerdict
    reason: str
    probes: tuple[ProbeJudgement, ...]


def judge(
    specs: Sequence[ProbeSpec],
    readings: Mapping[str, Sequence[Reading]],
    *,
    fault_started_at: datetime,
    settled_at: datetime,
    speed: float,
    engine_failed: bool,
    stopped_early: bool,
    unapproved: bool = False,
    deviated: str = "",
) -> Judgement:
    """Judge one run.

    `readings` holds each probe's readings in time order, from before the fault up to
    `settled_at`. `speed` turns wall time into planned time. `deviated` is what the engine's own
    look at the steady state found, in words.
    """
    probes = tuple(
        judge_probe(
            spec,
            readings.get(spec.key, ()),
            fault_started_at=fault_started_at,
            settled_at=settled_at,
            speed=speed,
        )
        for spec in specs
    )
    names = {spec.key: spec.name for spec in specs}
    verdict, reason = _conclude(probes, names, engine_failed, stopped_early, unapproved, deviated)
    return Judgement(verdict, reason, probes)


def check_again(
    judgement: Judgement,
    specs: Sequence[ProbeSpec],
    readings: Mapping[str, Sequence[Reading]],
    *,
    at: datetime,
    after_min: int,
    speed: float,
) -> Judgement:
    """The judgement of a run that has held so far, with its delayed check `at` some moment,
    `after_min` planned minutes after the end. Steady then is what a steady baseline is."""
    since = at - timedelta(seconds=WINDOW_S / speed)
    probes = []
    for judged, spec in zip(judgement.probes, specs, strict=True):
        late = [r.value for r in readings.get(spec.key, ()) if since <= r.at <= at]
        is_steady = baseline_is_inside(spec, [value for value in late if value is not None])
        probes.append(
            replace(judged, was_steady_later=is_steady, is_beyond=judged.is_beyond or not is_steady)
        )
    names = {spec.key: spec.name for spec in specs}
    fallen = [probe for probe in probes if not probe.was_steady_later]
    when = f"{after_min} min after the fault"
    if fallen:
        reason = f"{_names(fallen, names)} not steady when checked again {when}."
        return Judgement(RunVerdict.NOT_HELD, reason, tuple(probes))
    reason = f"{judgement.reason} Checked again {when}: steady."
    return Judgement(judgement.verdict, reason, tuple(probes))


def _conclude(
    probes: Sequence[ProbeJudgement],
    names: Mapping[str, str],
    engine_failed: bool,
    stopped_early: bool,
    unapproved: bool,
    deviated: str,
) -> tuple[RunVerdict, str]:
    unsettled = [p for p in probes if not p.baseline_ok]
    beyond = [p for p in probes if p.is_beyond]
    if engine_failed and not beyond:
        return RunVerdict.INCONCLUSIVE, "The engine failed, so the fault was not as planned."
    if unapproved and not beyond:
        return RunVerdict.INCONCLUSIVE, "What ran was not what was approved."
    if unsettled:
        return (
            RunVerdict.INCONCLUSIVE,
            f"{_names(unsettled, names)} not inside before the fault.",
        )
    if beyond or deviated:
        said = [_sentence(p, names[p.key]) for p in beyond]
        return RunVerdict.NOT_HELD, " ".join([*said, deviated] if deviated else said)
    if stopped_early:
        return RunVerdict.INCONCLUSIVE, "The run was stopped before its end."
    return RunVerdict.HELD, "Every probe stayed within its limit or came back in time."


def judge_probe(
    spec: ProbeSpec,
    readings: Sequence[Reading],
    *,
    fault_started_at: datetime,
    settled_at: datetime,
    speed: float,
) -> ProbeJudgement:
    """Judge one probe: its baseline, its longest time outside, and where it ended."""
    before = [r.value for r in readings if r.at < fault_started_at and r.value is not None]
    during = [r for r in readings if fault_started_at <= r.at <= settled_at]
    spans = outside_spans(spec, during, fault_started_at, settled_at, speed)
    longest = max(spans, key=lambda span: span[1] - span[0], default=None)
    longest_s = (longest[1] - longest[0]).total_seconds() * speed if longest else 0.0
    measured = [r.value for r in during if r.value is not None]
    recovered = not spans or spans[-1][1] < settled_at
    return ProbeJudgement(
        key=spec.key,
        baseline_ok=baseline_is_inside(spec, before),
        outside_from=longest[0] if longest else None,
        outside_to=longest[1] if longest else None,
        longest_outside_s=longest_s,
        recovered=recovered,
        worst=max(measured, key=lambda value: _distance(spec, value), default=None),
        missing=not measured,
        is_beyond=longest_s > spec.grace_s or not recovered,
        first_outside=spans[0][0] if spans else None,
        back_inside=spans[-1][1] if spans and recovered else None,
    )


def baseline_is_inside(spec: ProbeSpec, before: Sequence[float]) -> bool:
    """Most of the baseline inside: a single odd datum must not void an exercise. Of what people
    said the last word counts."""
    if spec.kind == JUDGEMENT:
        before = before[-1:]
    inside = sum(is_inside(spec, value) for value in before)
    return bool(before) and inside >= 0.9 * len(before)


def outside_spans(
    spec: ProbeSpec,
    readings: Sequence[Reading],
    starts_at: datetime,
    ends_at: datetime,
    speed: float,
) -> list[tuple[datetime, datetime]]:
    """The spans outside, joined. A reading holds until the next one; silence longer than
    MISSING_AFTER_S after it is outside too, since nobody can say that all was well."""
    patience = timedelta(seconds=max(MISSING_AFTER_S, 2 * spec.period_s) / speed)
    known = [reading for reading in readings if reading.value is not None]
    marks = [(reading.at, is_inside(spec, reading.value)) for reading in known]
    if not marks:
        return [(starts_at, ends_at)]
    if marks[0][0] > starts_at:
        marks.insert(0, (starts_at, True))
    spans: list[tuple[datetime, datetime]] = []
    for (at, inside), (until, _) in pairwise([*marks, (ends_at, True)]):
        begins = min(at + patience, until) if inside else at
        if begins < until:
            _join(spans, begins, until)
    return spans


def _join(spans: list[tuple[datetime, datetime]], begins: datetime, until: datetime) -> None:
    if spans and spans[-1][1] >= begins:
        spans[-1] = (spans[-1][0], until)
    else:
        spans.append((begins, until))


def _distance(spec: ProbeSpec, value: float) -> float:
    """How far outside a value is; negative inside."""
    below = spec.low - value if spec.low is not None else float("-inf")
    above = value - spec.high if spec.high is not None else float("-inf")
    return max(below, above)


def _names(probes: Sequence[ProbeJudgement], names: Mapping[str, str]) -> str:
    return ", ".join(names[p.key] for p in probes)


def _sentence(probe: ProbeJudgement, name: str) -> str:
    if probe.missing:
        return f"{name}: no data."
    if not probe.recovered:
        return f"{name} was still outside at the end."
    minutes, seconds = divmod(round(probe.longest_outside_s), 60)
    return f"{name} was outside for {minutes} m {seconds:02d} s."
