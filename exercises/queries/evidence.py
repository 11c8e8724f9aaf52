"""What a run measured, for the charts beside a finding and in the debrief.

What a finding was drafted from is kept with it as it was then (models.FindingEvidence): charts
are drawn from that. Imported findings have nothing kept; theirs are drawn from the samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from exercises.domain.steady_state import ProbeSpec, probes_from_json
from exercises.models import Finding, FindingEvidence, Run, Sample
from exercises.queries.room_clock import planned_since

LOGGED: Final = (
    "run.running",
    "probe.outside",
    "probe.inside",
    "probe.judged",
    "alarm.fired",
    "alarm.cleared",
    "run.acknowledged",
    "stop.requested",
    "stop.all",
    "run.stopped",
    "run.failed",
    "run.unapproved",
    "run.completed",
    "verdict.not_held",
)
MOST_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Evidence:
    """One probe over one run. Times are planned seconds from the start of the fault."""

    run: Run
    spec: ProbeSpec
    points: Sequence[tuple[float, float | None]]
    fault: tuple[float, float]
    worst: float | None
    outside_s: float
    came_as: str = ""

    @property
    def span(self) -> tuple[float, float]:
        times = [at for at, _ in self.points]
        return min([*times, self.fault[0]]), max([*times, self.fault[1]])


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line of the log as it was when the finding was drafted."""

    at: datetime
    kind: str
    text: str
    source: str


def planned_seconds(run: Run, at: datetime) -> float:
    """How far into the fault an instant is, in planned seconds."""
    return planned_since(run.started_at or run.scheduled_at, at, run)


def fallen_probes(finding: Finding) -> list[str]:
    """The probes that made the hypothesis fall, as the verdict kept them."""
    return [str(row["key"]) for row in finding.evidence.get("probes", [])]


def evidence_of(findings: Iterable[Finding]) -> dict[int, list[Evidence]]:
    """The measured lines of each finding's fallen probes, by finding id, the newest run first.

    The findings must come with their run and its revision. A finding a person wrote without
    a run has none. Two queries.
    """
    shown = [f for f in findings if f.run is not None and f.run.started_at is not None]
    kept = _kept([finding.pk for finding in shown])
    live = [finding for finding in shown if finding.pk not in kept]
    keys = {key for finding in live for key in fallen_probes(finding)}
    points = _points({f.run.pk: f.run for f in live if f.run}, keys)
    return kept | {
        finding.pk: [
            found
            for row in finding.evidence.get("probes", [])
            if (found := _evidence(finding.run, row, points)) is not None
        ]
        for finding in live
        if finding.run is not None
    }


def _kept(finding_ids: Sequence[int]) -> dict[int, list[Evidence]]:
    found: dict[int, list[Evidence]] = defaultdict(list)
    if not finding_ids:
        return found
    rows = FindingEvidence.objects.filter(finding__in=finding_ids).select_related("run")
    for row in rows.order_by("-kept_at", "-id"):
        came_as = "" if row.reason == "drafted" else row.get_reason_display()
        found[row.finding_id] += [_from_kept(row.run, chart, came_as) for chart in row.charts]
    return found


def _from_kept(run: Run, chart: Mapping[str, Any], came_as: str) -> Evidence:
    [spec] = probes_from_json([chart["spec"]])
    return Evidence(
        run=run,
        spec=spec,
        points=tuple((at, value) for at, value in chart["points"]),
        fault=(0.0, float(chart["fault_s"])),
        worst=chart["worst"],
        outside_s=float(chart["outside_s"]),
        came_as=came_as,
    )


def kept_lines(finding: Finding) -> list[KeptLine]:
    """The lines of the log that were kept with a finding, of its newest run."""
    newest = finding.kept_evidence.order_by("-kept_at", "-id").first()
    return [
        KeptLine(datetime.fromisoformat(row["at"]), row["kind"], row["text"], row["source"])
        for row in (newest.lines if newest else ())
    ]


def charts_of_run(run: Run, judged: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """The fallen probes of a run as a finding keeps them."""
    points = _points({run.pk: run}, {str(row["key"]) for row in judged})
    found = [_evidence(run, row, points) for row in judged]
    planned = {probe["key"]: probe for probe in run.revision.plan["steady_state"]}
    return [
        {
            "spec": planned[one.spec.key],
            "points": [[at, value] for at, value in one.points],
            "fault_s": one.fault[1],
            "worst": one.worst,
            "outside_s": one.outside_s,
        }
        for one in found
        if one is not None
    ]


def lines_of_run(run: Run) -> list[dict[str, str]]:
    """The lines of a run's log as a finding keeps them."""
    logged = Q(kind__in=LOGGED) | Q(kind__startswith="action.")
    rows = run.events.filter(logged).order_by("at", "id")[:MOST_LINES]
    return [
        {"at": row.at.isoformat(), "kind": row.kind, "text": row.text, "source": row.source}
        for row in rows
    ]


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
