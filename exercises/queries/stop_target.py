"""From the rows of a run to what AWS is asked to stop. Used by services.stop and observe."""

from __future__ import annotations

from exercises.domain.run_states import TERMINAL, RunState
from exercises.models import Run
from exercises.stopping.orders import StopTarget


def target_of(run: Run) -> StopTarget | None:
    """What AWS is asked to stop; None for a run that has ended or has no experiment yet."""
    if not run.experiment_ref or RunState(run.state) in TERMINAL:
        return None
    return StopTarget(
        access=run.experiment.deployment.place.access,
        engine=run.revision.plan["engine"],
        ref=run.experiment_ref,
        run_id=str(run.pk),
        exercise=run.experiment.exercise.slug,
        title=run.experiment.title,
        also_in=run.account_ids[1:],
    )
