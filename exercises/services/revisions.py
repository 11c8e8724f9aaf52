"""The content of an experiment: locked to be changed or judged, written down when it changed."""

from __future__ import annotations

from exercises.domain.actors import Actor
from exercises.domain.digest import plan_digest, plan_document
from exercises.domain.errors import Conflict, Invalid
from exercises.models import Exercise, Experiment, ExperimentRevision
from exercises.queries.plans import plan_of


def lock_experiment(experiment: Experiment) -> Experiment:
    """The experiment read anew, locked after its exercise as everywhere."""
    Exercise.objects.select_for_update(no_key=True).get(pk=experiment.exercise_id)
    locked = Experiment.objects.select_for_update(of=("self",), no_key=True)
    return locked.with_all().get(pk=experiment.pk)


def lock_as_it_was_seen(experiment: Experiment, digest_seen: str) -> Experiment:
    """The same for a word on one content. Raises Conflict when it is another by now."""
    locked = lock_experiment(experiment)
    if locked.status != "proposed" or locked.revision is None:
        raise Conflict("this experiment is not waiting for a decision")
    if locked.revision.digest != digest_seen:
        raise Conflict("the experiment changed since you read it; read it again")
    return locked


def revise(experiment: Experiment, actor: Actor) -> None:
    """Write a revision when the content can be built and differs from the last one.

    Whoever vouches for the actor, a team's service, is an author from now on.
    """
    if not actor.vouched_by <= set(experiment.vouched_by):
        experiment.vouched_by = sorted({*experiment.vouched_by, *actor.vouched_by})
        experiment.save(update_fields=["vouched_by"])
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
