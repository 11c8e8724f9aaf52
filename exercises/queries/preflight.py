"""The pre-flight checks of experiments: each answer with its owner, its age and whether it
still counts. Used by the start gate, the readiness list and the pages; two queries for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.preflight_checks import CHECKS, FAILING, CheckKind, expires_at, standing
from exercises.models import Exercise, Experiment, Participation, PreflightCheck, Run
from exercises.queries.plans import planned_wall

ACKNOWLEDGES_BEFORE_S: Final = 3600
"""From one hour before the window on, the on-call can say that they are there."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check. `status` is ok, warn, fail, pending, stale or missing."""

    kind: CheckKind
    status: str
    message: str = ""
    checked_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_in_the_way(self) -> bool:
        return self.status in FAILING

    @property
    def said(self) -> str:
        """What is in the way, in a few words."""
        why = {"stale": "too old", "missing": "not asked", "pending": "not answered yet"}
        return f"{self.kind.label}: {why.get(self.status) or self.message or 'failed'}"


@dataclass(frozen=True)
class PreflightSummary:
    """The answers on exactly the present content; answers on an older one do not count."""

    lines: tuple[CheckLine, ...]
    outdated: int = 0

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked about the present content."""
        return any(line.checked_at for line in self.lines if line.kind.key != "on_call")

    @property
    def in_the_way(self) -> tuple[CheckLine, ...]:
        return tuple(line for line in self.lines if line.is_in_the_way)

    @property
    def failed(self) -> tuple[CheckLine, ...]:
        return tuple(line for line in self.lines if line.status == "fail")

    @property
    def stale(self) -> tuple[CheckLine, ...]:
        return tuple(line for line in self.lines if line.status == "stale")

    @property
    def status(self) -> str:
        if self.failed:
            return "fail"
        if self.is_asked and self.stale:
            return "stale"
        return "pending" if not self.is_asked or self.in_the_way else "ok"

    @property
    def words(self) -> str:
        if not self.is_asked:
            return "out of date" if self.outdated else "not run"
        passed = sum(line.status in {"ok", "warn"} for line in self.lines)
        return f"{passed} of {len(self.lines)}"


def preflight_of(
    experiments: Iterable[Experiment], *, moment: Callable[[Experiment], datetime]
) -> dict[int, PreflightSummary]:
    """The checks of each experiment as they stood at its moment."""
    wanted = {experiment.pk: experiment for experiment in experiments}
    rows: dict[int, list[PreflightCheck]] = {pk: [] for pk in wanted}
    for row in PreflightCheck.objects.filter(experiment__in=wanted):
        rows[row.experiment_id].append(row)
    exercises = {experiment.exercise_id for experiment in wanted.values()}
    on_call = {
        (row.exercise_id, row.application_id): row
        for row in Participation.objects.filter(exercise__in=exercises).select_related(
            "acknowledged_by"
        )
    }
    return {
        pk: _summary(
            experiment,
            rows[pk],
            on_call.get((experiment.exercise_id, experiment.application_id)),
            moment(experiment),
        )
        for pk, experiment in wanted.items()
    }


def preflight_now(experiment: Experiment, *, now: datetime) -> PreflightSummary:
    return preflight_of([experiment], moment=lambda _: now)[experiment.pk]


def alarm_settings_seen(run: Run) -> str:
    """What pre-flight saw set on the alarms that stop exactly this content; empty when it
    was not asked."""
    rows = PreflightCheck.objects.filter(
        experiment=run.experiment_id, key="alarms", digest=run.revision.digest
    )
    return rows.values_list("seen", flat=True).first() or ""


def _summary(
    experiment: Experiment,
    rows: list[PreflightCheck],
    participation: Participation | None,
    now: datetime,
) -> PreflightSummary:
    digest = experiment.revision.digest if experiment.revision else ""
    current = {row.key: row for row in rows if row.digest == digest}
    lines = [_line(kind, current.get(kind.key), now) for kind in CHECKS.values()]
    lines[-1] = on_call_line(experiment.exercise, participation)
    return PreflightSummary(tuple(lines), outdated=len(rows) - len(current))


def _line(kind: CheckKind, row: PreflightCheck | None, now: datetime) -> CheckLine:
    if row is None:
        return CheckLine(kind, "missing")
    return CheckLine(
        kind,
        standing(kind, row.status, row.checked_at, now=now),
        row.message,
        row.checked_at,
        expires_at(kind, row.checked_at),
    )


def on_call_line(exercise: Exercise, participation: Participation | None) -> CheckLine:
    """Whether who is on call has said so for this window."""
    kind = CHECKS["on_call"]
    if participation is None or not participation.on_call:
        return CheckLine(kind, "missing", "Nobody is named.")
    if not has_acknowledged(exercise, participation):
        return CheckLine(kind, "pending", f"Waits for {participation.on_call}.")
    by = participation.acknowledged_by
    return CheckLine(kind, "ok", by.name if by else "", participation.acknowledged_at)


def acknowledges_from(exercise: Exercise) -> datetime:
    """When acknowledging opens."""
    before: timedelta = planned_wall(ACKNOWLEDGES_BEFORE_S)
    return exercise.starts_at - before


def has_acknowledged(exercise: Exercise, participation: Participation) -> bool:
    """Given for an earlier window, or too early to mean anything, it does not count."""
    at = participation.acknowledged_at
    return at is not None and acknowledges_from(exercise) <= at <= exercise.ends_at
