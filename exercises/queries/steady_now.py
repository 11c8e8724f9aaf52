"""Are the running experiments inside their steady state right now? For the strip and the room.

Two queries, however many runs: the newest reading of each probe, and when it went outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from exercises.domain.steady_state import (
    MISSING_AFTER_S,
    ProbeSpec,
    is_inside,
    probes_from_json,
)
from exercises.models import Run, RunEvent, Sample
from exercises.queries.plans import planned_wall

MISSED_OBSERVATIONS = 3
"""Observations in a row that may bring nothing before a value counts as unknown."""


@dataclass(frozen=True, slots=True)
class ProbeNow:
    """The newest reading of one probe. `key` is inside, outside or unknown."""

    spec: ProbeSpec
    key: str
    value: float | None
    at: datetime | None
    outside_since: datetime | None


@dataclass(frozen=True, slots=True)
class SteadyNow:
    """All probes of one run, now."""

    probes: tuple[ProbeNow, ...]

    @property
    def inside(self) -> int:
        return sum(probe.key == "inside" for probe in self.probes)

    @property
    def is_measured(self) -> bool:
        return any(probe.at is not None for probe in self.probes)

    @property
    def is_outside(self) -> bool:
        return any(probe.key == "outside" for probe in self.probes)

    @property
    def outside_since(self) -> datetime | None:
        return min(
            (p.outside_since for p in self.probes if p.key == "outside" and p.outside_since),
            default=None,
        )


def steady_now(runs: Sequence[Run], *, now: datetime) -> Mapping[UUID, SteadyNow]:
    """The steady state of each run at `now`; of an ended run, as it was last measured.

    The runs must come with their revision.
    """
    ids = [run.pk for run in runs]
    newest = {
        (sample.run_id, sample.probe): sample
        for sample in Sample.objects.filter(run__in=ids)
        .order_by("run_id", "probe", "-at")
        .distinct("run_id", "probe")
    }
    since: dict[tuple[UUID, str], datetime] = {}
    crossings = RunEvent.objects.filter(run__in=ids, kind="probe.outside").order_by("at", "id")
    for run_id, at, details in crossings.values_list("run_id", "at", "details"):
        since[run_id, details.get("probe", "")] = at
    return {
        run.pk: SteadyNow(
            tuple(
                _probe_now(
                    spec,
                    newest.get((run.pk, spec.key)),
                    since.get((run.pk, spec.key)),
                    now=now if run.judged_at is None else None,
                )
                for spec in probes_of(run)
            )
        )
        for run in runs
    }


def probes_of(run: Run) -> tuple[ProbeSpec, ...]:
    """The probes this run was approved with."""
    return probes_from_json(run.revision.plan["steady_state"])


def stale_after(spec: ProbeSpec) -> timedelta:
    """How old a value may be before it says nothing about now.

    CloudWatch closes a period late, so one period may be missing without anything wrong.
    """
    slack = MISSED_OBSERVATIONS * settings.CHAOSPLANE_OBSERVE_INTERVAL_S
    return planned_wall(2 * spec.period_s + MISSING_AFTER_S) + timedelta(seconds=slack)


def _probe_now(
    spec: ProbeSpec, sample: Sample | None, since: datetime | None, *, now: datetime | None
) -> ProbeNow:
    if sample is None:
        return ProbeNow(spec, "unknown", None, None, None)
    is_stale = now is not None and now - sample.at > stale_after(spec)
    if sample.value is None or is_stale:
        return ProbeNow(spec, "unknown", None, sample.at, since)
    if is_inside(spec, sample.value):
        return ProbeNow(spec, "inside", sample.value, sample.at, None)
    return ProbeNow(spec, "outside", sample.value, sample.at, since or sample.at)
