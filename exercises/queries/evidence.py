"""What a run measured, for the charts beside a finding and in the debrief.

Called by the pages of findings and debrief. One query for all samples asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from exercises.domain.steady_state import ProbeSpec, probes_from_json
from exercises.models import Finding, Run, Sample
from exercises.queries.room_clock import planned_since


@dataclass(frozen=True, slots=True)
class Evidence:
    """One probe over one run. Times are planned seconds from the start of the fault."""

    run: Run
    spec: ProbeSpec
    points: Sequence[tuple[float, float | None]]
    fault: tuple[float, float]
    worst: float | None
    outside_s: float

    @property
    def span(self) -> tuple[float, float]:
        times = [at for at, _ in self.points]
        return min([*times, self.fault[0]]), max([*times, self.fault[1]])


def planned_seconds(run: Run, at: datetime) -> float:
    """How far into the fault an instant is, in planned seconds."""
    return planned_since(run.started_at or run.scheduled_at, at, run)


def fallen_probes(finding: Finding) -> list[str]:
    """The probes that made the hypothesis fall, as the verdict kept them."""
    return [str(row["key"]) for row in finding.evidence.get("probes", [])]


def evidence_of(findings: Iterable[Finding]) -> dict[int, list[Evidence]]:
    """The measured lines of each finding's fallen probes, by finding id.

    The findings must come with their run and its revision. A finding a person wrote without
    a run has none.
    """
    shown = [f for f in findings if f.run is not None and f.run.started_at is not None]
    keys = {key for finding in shown for key in fallen_probes(finding)}
    points = _points({f.run.pk: f.run for f in shown if f.run}, keys)
    return {
        finding.pk: [
            found
            for row in finding.evidence.get("probes", [])
            if (found := _evidence(finding.run, row, points)) is not None
        ]
        for finding in shown
        if finding.run is not None
    }


Points = dict[tuple[UUID, str], list[tuple[float, float | None]]]


def _points(runs: dict[UUID, Run], keys: set[str]) -> Points:
    found: Points = defaultdict(list)
    if not keys:
        return found
    rows = Sample.objects.filter(run__in=list(runs), probe__in=keys).order_by("run_id", "at")
    for run_id, probe, at, value in rows.values_list("run_id", "probe", "at", "value"):
        found[run_id, probe].append((planned_seconds(runs[run_id], at), value))
    return found


def _evidence(run: Run, row: dict[str, object], points: Points) -> Evidence | None:
    specs = {spec.key: spec for spec in probes_from_json(run.revision.plan["steady_state"])}
    key = str(row["key"])
    if key not in specs:
        return None
    ended_at = run.ended_at or run.settle_until or run.started_at or run.scheduled_at
    worst = row.get("worst")
    outside = row.get("longest_outside_s")
    return Evidence(
        run=run,
        spec=specs[key],
        points=tuple(points.get((run.pk, key), ())),
        fault=(0.0, planned_seconds(run, ended_at)),
        worst=float(worst) if isinstance(worst, int | float) else None,
        outside_s=float(outside) if isinstance(outside, int | float) else 0.0,
    )
