"""Predictions: one's own before the run, everybody's against what happened after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.actors import Actor
from exercises.domain.exercise_phases import Phase
from exercises.domain.predictions import Compared, Expected, compare
from exercises.models import Experiment, Prediction, Run

_OVER = frozenset({Phase.DEBRIEF.value, Phase.CLOSED.value, Phase.CANCELLED.value})


@dataclass(frozen=True, slots=True)
class Expectations:
    """Before a run one sees how many said something, not what: nobody is led by others."""

    mine: Prediction | None
    count: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class RunPredictions:
    """What was expected of one run, each person's last word before it."""

    run: Run
    words: Sequence[Prediction]
    compared: Compared


def is_open(experiment: Experiment) -> bool:
    """Until it is started for real, while it may still run."""
    return (
        experiment.exercise.phase not in _OVER
        and experiment.status in {"draft", "proposed"}
        and not experiment.runs.filter(is_rehearsal=False, asked_at__isnull=False).exists()
    )


def expectations_of(actor: Actor, experiment: Experiment) -> Expectations:
    rows = Prediction.objects.filter(experiment=experiment).order_by("-made_at", "-id")
    mine = rows.filter(person=actor.user_id or 0).first()
    count = rows.order_by().values("person").distinct().count()
    return Expectations(mine, count, is_open(experiment))


def predictions_of_runs(runs: Iterable[Run]) -> list[RunPredictions]:
    """Each run of which somebody expected something, in one query."""
    found = {run.experiment_id: run for run in runs if _began(run) is not None}
    rows = Prediction.objects.filter(experiment__in=found).select_related("person")
    last: Mapping[int, dict[int, Prediction]] = defaultdict(dict)
    for row in rows.order_by("made_at", "id"):
        began = _began(found[row.experiment_id])
        if began is not None and row.made_at < began:
            last[row.experiment_id][row.person_id] = row
    return [
        RunPredictions(
            run=run,
            words=tuple(last[pk].values()),
            compared=compare(
                [Expected(one.holds, one.recovery_s) for one in last[pk].values()], run.verdict
            ),
        )
        for pk, run in found.items()
        if pk in last
    ]


def _began(run: Run) -> datetime | None:
    """What is said from here on counts for nothing."""
    return run.asked_at or run.started_at
