"""The load that a run put on, on the axis of its fault. No query of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exercises.domain.load_series import MEASURES, load_series
from exercises.models import Run
from exercises.queries.evidence import planned_seconds

Points = Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True)
class LoadShown:
    """One load of one run: each measure by planned seconds from the start of the fault."""

    name: str
    users: int
    measures: dict[str, Points]


def newest_loads(runs: Iterable[Run]) -> tuple[Run | None, list[LoadShown]]:
    """The newest of these runs of which samples are kept, the newest first, with its loads."""
    for run in runs:
        found = load_series(run.archive)
        if found:
            return run, [
                LoadShown(
                    name=series.name,
                    users=int(max((sample.users or 0) for sample in series.samples)),
                    measures={
                        measure: [
                            (planned_seconds(run, sample.at), getattr(sample, measure))
                            for sample in series.samples
                        ]
                        for measure in MEASURES
                    },
                )
                for series in found
            ]
    return None, []
