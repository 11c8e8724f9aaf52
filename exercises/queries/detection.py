"""The detection chain of runs, for the live room, the debrief, the reports and the API.

One query, however many runs. The runs must come with their revision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from exercises.domain.detection import KINDS, Chain, Logged, Step, chain_of
from exercises.models import Run, RunEvent


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One step in words: `state` is came, waits or never."""

    label: str
    state: str
    after_s: float | None
    what: str


def chains_of(runs: Sequence[Run]) -> Mapping[UUID, Chain]:
    """The chain of every run among these that was started."""
    started = [run for run in runs if run.started_at is not None]
    lines = _lines([run.pk for run in started])
    return {run.pk: _chain(run, lines[run.pk]) for run in started}


def detection_of(run: Run) -> Chain | None:
    """The chain of one run; None before its start."""
    return chains_of([run]).get(run.pk)


def _lines(run_ids: Sequence[UUID]) -> Mapping[UUID, list[Logged]]:
    found: dict[UUID, list[Logged]] = defaultdict(list)
    events = RunEvent.objects.filter(run__in=run_ids, kind__in=KINDS).order_by("at", "id")
    for run_id, kind, at, details in events.values_list("run_id", "kind", "at", "details"):
        if run_id is not None:
            subject = details.get("probe") or details.get("alarm") or ""
            found[run_id].append(Logged(kind, at, str(subject)))
    return found


def _chain(run: Run, lines: Sequence[Logged]) -> Chain:
    assert run.started_at is not None, "only of those that were started"
    plan: Mapping[str, Any] = run.revision.plan
    return chain_of(
        lines,
        injected_at=run.started_at,
        names={probe["key"]: probe["name"] for probe in plan.get("steady_state", [])},
        judged=run.judgement.get("probes", []) if run.judged_at is not None else None,
        speed=1.0 if run.is_imported else settings.CHAOSPLANE_TIME_SPEED,
    )


def chain_rows(chain: Chain) -> tuple[ChainRow, ...]:
    """The steps in order, as people read them."""
    rows = [ChainRow("Injected", "came", 0.0, "")]
    is_moved = chain.moved is not None
    for label, step, never in (
        ("Metric moved", chain.moved, "stayed inside"),
        ("Alarm", chain.alarmed, "none seen"),
        ("Acknowledged", chain.acknowledged, "by nobody"),
        ("Steady again", chain.steady, "not by the end" if is_moved else "was never left"),
    ):
        rows.append(_row(label, step, never if chain.is_over else ""))
    return tuple(rows)


def _row(label: str, step: Step | None, never: str) -> ChainRow:
    if step is not None:
        return ChainRow(label, "came", step.after_s, step.what)
    return ChainRow(label, "never" if never else "waits", None, never or "not yet")
