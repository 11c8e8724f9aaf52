"""From a draft to an approval that holds for exactly one content (invariant 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.capacities import Capacity
from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.domain.exercise_phases import Phase
from exercises.models import Decision, Experiment, Membership
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from exercises.services.cancel import cancel_exercise
from exercises.services.decide import decide
from exercises.services.propose import edit_draft, propose, start_draft, withdraw
from exercises.services.stop import stop_run
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def complete(experiment: Experiment) -> bool:
    experiment = Experiment.objects.get(pk=experiment.pk)
    return approval_of(experiment, now=database_now()).is_complete


def test_a_proposal_with_all_its_approvals_is_complete(cast: Cast) -> None:
    assert complete(build.approved(cast))


def test_approval_is_void_after_any_edit(cast: Cast) -> None:
    experiment = build.approved(cast)
    for change in (
        {"target_cap": 2},
        {"slot_offset_s": 61},
        {"parameters": {"minutes": 6}},
        {"hypothesis": "If one broker stops, then messages are delivered again in 3 minutes."},
        {"steady_state": [build.PROBES[0] | {"low": 99.0}, build.PROBES[1]]},
    ):
        edit_draft(
            actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast, **change)
        )
        assert not complete(experiment), change
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast))
    assert complete(experiment), "the very content that was approved is approved"


def test_an_author_never_decides_even_as_owner(cast: Cast) -> None:
    Membership.objects.filter(user=cast.author).update(role="owner")
    experiment = build.proposed(cast)
    with pytest.raises(NotAllowed):
        build.approve(cast, experiment, "author")


def test_whoever_edited_once_never_decides(cast: Cast) -> None:
    experiment = build.proposed(cast)
    edit_draft(
        actor=cast.actor("owner"), experiment=experiment, draft=build.draft(cast, target_cap=2)
    )
    with pytest.raises(NotAllowed):
        build.approve(cast, experiment, "owner")


@pytest.mark.parametrize("name", ["outsider", "leadership", "auditor", "operator"])
def test_nobody_without_a_capacity_decides(cast: Cast, name: str) -> None:
    experiment = build.proposed(cast)
    with pytest.raises(NotAllowed):
        build.approve(cast, experiment, name)


def test_an_approval_dies_with_the_role_it_was_given_in(cast: Cast) -> None:
    experiment = build.approved(cast)
    Membership.objects.filter(user=cast.owner).delete()
    assert not complete(experiment)


def test_a_decision_on_what_has_changed_since_is_a_conflict(cast: Cast) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    seen = experiment.revision.digest
    edit_draft(
        actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast, target_cap=2)
    )
    with pytest.raises(Conflict):
        decide(
            actor=cast.actor("owner"),
            experiment=experiment,
            verdict=DecisionVerdict.APPROVE,
            digest_seen=seen,
        )
    assert not Decision.objects.exists()


def test_a_decision_in_a_capacity_one_does_not_hold_is_refused(cast: Cast) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    with pytest.raises(NotAllowed):
        decide(
            actor=cast.actor("owner"),
            experiment=experiment,
            verdict=DecisionVerdict.APPROVE,
            digest_seen=experiment.revision.digest,
            capacity=Capacity.SAFETY_OFFICER,
        )


@pytest.mark.parametrize("verdict", [DecisionVerdict.DECLINE, DecisionVerdict.REQUEST_CHANGES])
def test_saying_no_needs_a_reason(cast: Cast, verdict: DecisionVerdict) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    with pytest.raises(Invalid) as caught:
        decide(
            actor=cast.actor("owner"),
            experiment=experiment,
            verdict=verdict,
            digest_seen=experiment.revision.digest,
        )
    assert caught.value.problems[0][0] == "reason"


def test_a_wide_blast_radius_in_production_needs_the_safety_officer(cast: Cast) -> None:
    experiment = build.proposed(cast, template_version=build.template_version(rung=3))
    build.approve(cast, experiment, "owner", "lead")
    assert not complete(experiment)
    build.approve(cast, experiment, "safety")
    assert complete(experiment)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"hypothesis": "short"}, "hypothesis"),
        ({"parameters": {"minutes": 31}}, "parameters.minutes"),
        ({"parameters": {"minutes": "x"}}, "parameters.minutes"),
        ({"parameters": {"other": 1, "minutes": 5}}, "parameters.other"),
        ({"target_cap": 0}, "target_cap"),
        ({"steady_state": build.PROBES[:1]}, "steady_state"),
        ({"slot_offset_s": 5 * 3600}, "slot"),
    ],
)
def test_a_proposal_with_a_mistake_names_its_field(
    cast: Cast, change: dict[str, object], field: str
) -> None:
    experiment = start_draft(
        actor=cast.actor("author"),
        draft=build.draft(cast, **change),
        exercise=build.exercise(cast),
    )
    with pytest.raises(Invalid) as caught:
        propose(actor=cast.actor("author"), experiment=experiment)
    assert field in [name for name, _ in caught.value.problems]
    experiment.refresh_from_db()
    assert experiment.status == "draft"


def test_production_without_a_stop_condition_is_refused(cast: Cast) -> None:
    deployment = build.deployment(cast)
    deployment.alarm_arns = []
    deployment.save(update_fields=["alarm_arns"])
    experiment = start_draft(
        actor=cast.actor("author"), draft=build.draft(cast), exercise=build.exercise(cast)
    )
    with pytest.raises(Invalid):
        propose(actor=cast.actor("author"), experiment=experiment)


def test_others_do_not_propose_for_a_team(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        start_draft(
            actor=cast.actor("outsider"), draft=build.draft(cast), exercise=build.exercise(cast)
        )


def test_an_exercise_in_debrief_takes_no_proposals(cast: Cast) -> None:
    where = build.exercise(cast, phase=Phase.DEBRIEF)
    with pytest.raises(Refused):
        start_draft(actor=cast.actor("author"), draft=build.draft(cast), exercise=where)


def test_a_self_service_slot_in_the_past_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        start_draft(
            actor=cast.actor("author"),
            draft=build.draft(cast),
            starts_at=database_now() - timedelta(seconds=1),
        )
    assert caught.value.problems[0][0] == "slot"


def test_a_self_service_experiment_is_scheduled_once_it_is_approved(cast: Cast) -> None:
    starts_at = database_now() + timedelta(hours=1)
    experiment = start_draft(
        actor=cast.actor("author"),
        draft=replace(build.draft(cast), slot_offset_s=0),
        starts_at=starts_at,
    )
    propose(actor=cast.actor("author"), experiment=experiment)
    build.approve(cast, experiment, "owner")
    assert not experiment.runs.exists()
    build.approve(cast, experiment, "lead")
    run = experiment.runs.get()
    assert run.due_at == starts_at
    withdraw(actor=cast.actor("author"), experiment=experiment)
    run.refresh_from_db()
    assert run.state == "cancelled"


def self_service(cast: Cast) -> Experiment:
    """An approved self-service experiment, scheduled for its slot."""
    experiment = start_draft(
        actor=cast.actor("author"),
        draft=replace(build.draft(cast), slot_offset_s=0),
        starts_at=database_now() + timedelta(hours=1),
    )
    propose(actor=cast.actor("author"), experiment=experiment)
    build.approve(cast, experiment, "owner", "lead")
    return experiment


def test_a_later_approval_does_not_start_again_what_was_stopped(cast: Cast) -> None:
    experiment = self_service(cast)
    stop_run(actor=cast.actor("author"), run=experiment.runs.get())
    build.approve(cast, experiment, "lead")
    assert [run.state for run in experiment.runs.all()] == ["cancelled"]


def test_a_later_approval_of_what_runs_changes_nothing(cast: Cast) -> None:
    experiment = self_service(cast)
    experiment.runs.update(state="starting", asked_at=database_now())
    build.approve(cast, experiment, "lead")
    assert [run.state for run in experiment.runs.all()] == ["starting"]


def test_an_approval_does_not_revive_a_cancelled_exercise(cast: Cast) -> None:
    experiment = self_service(cast)
    exercise = experiment.exercise
    cancel_exercise(actor=cast.actor("lead"), exercise=exercise, reason="A deploy is late.")
    build.approve(cast, experiment, "owner")
    exercise.refresh_from_db()
    assert exercise.phase == Phase.CANCELLED.value
    assert [run.state for run in experiment.runs.all()] == ["cancelled"]


def test_an_edit_takes_the_run_off_and_new_approvals_put_another_on(cast: Cast) -> None:
    experiment = self_service(cast)
    changed = replace(build.draft(cast, target_cap=2), slot_offset_s=0)
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=changed)
    build.approve(cast, experiment, "owner", "lead")
    assert [r.state for r in experiment.runs.order_by("created_at")] == ["cancelled", "scheduled"]


def test_what_was_started_stays_as_it_is(cast: Cast) -> None:
    """Where it runs is where it is stopped: an edit of the place would lose it."""
    experiment = self_service(cast)
    experiment.runs.update(state="starting", asked_at=database_now())
    author = cast.actor("author")
    elsewhere = build.deployment(cast, place=build.account("333333333333"))
    moved = build.draft(cast, deployment=elsewhere)
    with pytest.raises(Refused):
        edit_draft(actor=author, experiment=experiment, draft=moved)
    with pytest.raises(Refused):
        withdraw(actor=author, experiment=experiment)
