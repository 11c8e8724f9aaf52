"""Write down the content of an experiment when it changed. Propose and the run sheet come here."""

from __future__ import annotations

from exercises.domain.actors import Actor
from exercises.domain.digest import plan_digest, plan_document
from exercises.domain.errors import Invalid
from exercises.models import Experiment, ExperimentRevision
from exercises.queries.plans import plan_of


def revise(experiment: Experiment, actor: Actor) -> None:
    """Write a revision when the content can be built and differs from the last one."""
    try:
        plan = plan_of(experiment)
    except Invalid:  # an unfinished draft has no plan yet, and so nothing to approve
        experiment.revision = None
        experiment.save(update_fields=["revision"])
        return
    digest = plan_digest(plan)
    if experiment.revision and experiment.revision.digest == digest:
        return
    number = experiment.revisions.count() + 1
    experiment.revision = ExperimentRevision.objects.create(
        experiment=experiment,
        number=number,
        digest=digest,
        plan=plan_document(plan),
        author_id=actor.person_id,
    )
    experiment.save(update_fields=["revision"])
