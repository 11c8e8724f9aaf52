"""What a team earns in a round, from what its runs measured.

`queries.game_scoring` reads the samples, `services.game_ledger` writes the points down.
Everything is in whole milliseconds, seconds and points, so that anybody who counts again
from the same samples gets the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.engine_values import Reading
from exercises.domain.game_rules import GameRules, Pace
from exercises.domain.steady_state import ProbeSpec
from exercises.domain.verdicts import outside_spans


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, or all runs of a team in a round.

    `inside_ms` of `window_ms` every probe was inside. Times are planned seconds from the start
    of the fault: `detected_s` until the team said that it sees it, `recovered_s` until the
    steady state was back for good; None while that has not happened. `was_disturbed` says that
    something was to be seen at all.
    """

    inside_ms: int
    window_ms: int
    was_disturbed: bool
    detected_s: int | None
    recovered_s: int | None


@dataclass(frozen=True, slots=True)
class Earned:
    """Points of one round."""

    availability: int
    detection: int
    recovery: int

    @property
    def total(self) -> int:
        return self.availability + self.detection + self.recovery


def measure(
    specs: Sequence[ProbeSpec],
    readings: Mapping[str, Sequence[Reading]],
    *,
    started_at: datetime,
    until: datetime,
    seen_at: datetime | None,
    speed: float,
) -> Measured:
    """What one run measured from the start of its fault up to `until`.

    A probe without data counts as outside, as it does for the verdict.
    """
    window_ms = _ms(started_at, until, speed)
    spans = _joined(
        span
        for spec in specs
        for span in outside_spans(
            spec,
            [r for r in readings.get(spec.key, ()) if started_at <= r.at <= until],
            started_at,
            until,
            speed,
        )
    )
    outside_ms = sum(_ms(begins, ends, speed) for begins, ends in spans)
    is_back = not spans or spans[-1][1] < until
    seen = seen_at if seen_at is not None and started_at <= seen_at else None
    return Measured(
        inside_ms=max(0, window_ms - outside_ms),
        window_ms=window_ms,
        was_disturbed=bool(spans),
        detected_s=_ms(started_at, seen, speed) // 1000 if seen else None,
        recovered_s=_recovered_s(spans, started_at, speed) if is_back else None,
    )


def _recovered_s(
    spans: Sequence[tuple[datetime, datetime]], started_at: datetime, speed: float
) -> int:
    return _ms(started_at, spans[-1][1], speed) // 1000 if spans else 0


def together(runs: Sequence[Measured]) -> Measured:
    """All runs of a team in one round: the last to be seen and to be back counts."""
    disturbed = [run for run in runs if run.was_disturbed]
    return Measured(
        inside_ms=sum(run.inside_ms for run in runs),
        window_ms=sum(run.window_ms for run in runs),
        was_disturbed=bool(disturbed),
        detected_s=_last([run.detected_s for run in disturbed]),
        recovered_s=_last([run.recovered_s for run in disturbed]) if disturbed else 0,
    )


def _last(times: Sequence[int | None]) -> int | None:
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def earned(rules: GameRules, severity: str, measured: Measured) -> Earned:
    """The points of a round. Who was never disturbed has nothing to detect or recover from, and
    earns both in full: that nothing was to be seen is the best a service can do."""
    thresholds = rules.thresholds[severity]
    return Earned(
        availability=share(rules.availability, measured.inside_ms, measured.window_ms),
        detection=_paced(
            rules.detection, thresholds.detection, measured.detected_s, measured.was_disturbed
        ),
        recovery=_paced(
            rules.recovery, thresholds.recovery, measured.recovered_s, measured.was_disturbed
        ),
    )


def share(points: int, part: int, whole: int) -> int:
    """`part` of `whole` of the points, rounded down; nothing measured is nothing earned."""
    return points * part // whole if whole else 0


def _paced(points: int, pace: Pace, took_s: int | None, was_disturbed: bool) -> int:
    if not was_disturbed:
        return points
    if took_s is None:
        return 0
    full_s, none_s = pace.full * 60, pace.none * 60
    left_s = min(max(none_s - took_s, 0), none_s - full_s)
    return share(points, left_s, none_s - full_s)


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans of several probes as one row of spans that do not touch."""
    found: list[tuple[datetime, datetime]] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def _ms(begins: datetime, ends: datetime, speed: float) -> int:
    return max(0, round((ends - begins).total_seconds() * 1000 * speed))
