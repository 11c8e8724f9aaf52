"""What a run measured, and the last run of its kind to compare it with. For the live room.

Times are planned seconds from the start of each run's own fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef

from exercises.domain.steady_state import SETTLE_S, ProbeSpec, is_inside
from exercises.domain.verdicts import baseline_is_inside
from exercises.models import Experiment, Run, Sample
from exercises.queries.room_clock import planned_since

Points = tuple[tuple[float, float | None], ...]
Measured = Mapping[str, Points]
"""What each probe read, by its key."""


def earlier_run(experiment: Experiment, run: Run | None) -> Run | None:
    """The last run of the same template on the same deployment that was measured.

    What a team tried on its own is not shown in a room that others may enter.
    """
    runs = Run.objects.filter(
        Exists(Sample.objects.filter(run=OuterRef("pk"))),
        experiment__deployment=experiment.deployment_id,
        experiment__template_version__template=experiment.template_version.template_id,
        is_rehearsal=False,
        started_at__isnull=False,
    )
    if experiment.exercise.kind != "self_service":
        runs = runs.exclude(experiment__exercise__kind="self_service")
    if run is not None:
        runs = runs.exclude(pk=run.pk).filter(started_at__lt=run.started_at or run.scheduled_at)
    return runs.order_by("-started_at").first()


def measured_in(*runs: Run) -> Mapping[UUID, Measured]:
    """Every sample of these runs, each in planned seconds from its own start."""
    found: dict[UUID, dict[str, list[tuple[float, float | None]]]] = {
        run.pk: defaultdict(list) for run in runs
    }
    by_id = {run.pk: run for run in runs}
    samples = Sample.objects.filter(run__in=runs).order_by("at")
    for run_id, probe, at, value in samples.values_list("run_id", "probe", "at", "value"):
        run = by_id[run_id]
        start = run.started_at or run.scheduled_at
        found[run_id][probe].append((planned_since(start, at, run), value))
    return {
        run_id: {probe: tuple(points) for probe, points in probes.items()}
        for run_id, probes in found.items()
    }


def baseline_of(specs: Sequence[ProbeSpec], measured: Measured) -> str:
    """Where the probes were before the fault, by the rule of the verdict."""
    before = [
        (spec, [value for at, value in measured.get(spec.key, ()) if at < 0 and value is not None])
        for spec in specs
    ]
    if not all(values for _, values in before):
        return ""
    return "inside" if all(baseline_is_inside(*pair) for pair in before) else "outside"


def recovery_of(specs: Sequence[ProbeSpec], measured: Measured, ended_s: float) -> str:
    """Where the probes came to rest after the end."""
    until = ended_s + SETTLE_S
    after = [
        (spec, [value for at, value in measured.get(spec.key, ()) if ended_s <= at <= until])
        for spec in specs
    ]
    if not all(values for _, values in after):
        return ""
    return "inside" if all(is_inside(spec, values[-1]) for spec, values in after) else "outside"
