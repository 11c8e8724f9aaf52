"""Waves and hold points, late joiners, what is called off: nothing starts before its word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.run_states import RunState
from exercises.models import Exercise, Experiment, HoldPoint, Participation, Run
from exercises.models.due_work import database_now
from exercises.queries.going_live import current_wave
from exercises.queries.plans import planned_wall
from exercises.queries.start_gate import refusals
from exercises.services.cancel import cancel_exercise, cancel_experiment
from exercises.services.debrief import open_due_debriefs
from exercises.services.propose import edit_draft, propose, start_draft
from exercises.services.run_sheet import Place, arrange
from exercises.services.taking_part import answer_poll
from exercises.services.waves import continue_wave, join_late
from tests import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def planned(cast: Cast, *waves: int) -> tuple[Exercise, list[Experiment]]:
    """An exercise before Go with one ready experiment for each of these waves."""
    where = build.exercise(cast, opens_in=timedelta(minutes=5))
    experiments = []
    for number, wave in enumerate(waves):
        place = build.deployment(cast, slug=f"application-{number}")
        experiment = build.approved(cast, where, deployment=place, slot_offset_s=60 * number)
        Experiment.objects.filter(pk=experiment.pk).update(wave=wave)
        build.passed_preflight(experiment)
        experiments.append(experiment)
    Exercise.objects.filter(pk=where.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    where.refresh_from_db()
    return where, experiments


def live(cast: Cast, *waves: int) -> tuple[Exercise, list[Run]]:
    where, experiments = planned(cast, *waves)
    where = build.went_live(cast, where)
    return where, [run_of(experiment) for experiment in experiments]


def run_of(experiment: Experiment) -> Run:
    return Run.objects.get(experiment=experiment, is_rehearsal=False)


def gate(run: Run) -> set[str]:
    found = refusals(Run.objects.get(pk=run.pk), now=database_now(), target_count=1)
    return {refusal.rule for refusal in found}


def over(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(
        state=RunState.CANCELLED.value, due_at=None, ended_at=database_now()
    )


def test_the_second_wave_waits_and_then_counts_its_slots_from_the_word(cast: Cast) -> None:
    where, (first, second) = live(cast, 1, 2)
    assert "wave.held" in gate(second)
    assert "wave.held" not in gate(first)
    assert second.due_at == where.ends_at
    lead = cast.actor("lead")
    with pytest.raises(Refused, match="is not over"):
        continue_wave(actor=lead, exercise=where, after_wave=1)
    over(first)
    hold = continue_wave(actor=lead, exercise=where, after_wave=1, reason="All held.")
    second.refresh_from_db()
    assert hold.continued_at is not None
    assert second.due_at == second.scheduled_at == hold.continued_at + planned_wall(60)
    assert "wave.held" not in gate(second)


def test_a_hold_point_is_continued_once_by_who_leads(cast: Cast) -> None:
    where, (first, _) = live(cast, 1, 2)
    over(first)
    for name in ("author", "owner", "safety"):
        with pytest.raises(NotAllowed):
            continue_wave(actor=cast.actor(name), exercise=where, after_wave=1)
    with pytest.raises(Conflict):
        continue_wave(actor=cast.actor("lead"), exercise=where, after_wave=2)
    continue_wave(actor=cast.actor("lead"), exercise=where, after_wave=1)
    with pytest.raises(Conflict):
        continue_wave(actor=cast.actor("lead"), exercise=where, after_wave=1)


def test_each_wave_has_its_own_hold_point_and_gaps_do_not_matter(cast: Cast) -> None:
    where, (first, second, third) = live(cast, 1, 4, 9)
    assert [hold.after_wave for hold in where.hold_points.all()] == [1, 4]
    over(first)
    continue_wave(actor=cast.actor("lead"), exercise=where, after_wave=1)
    assert current_wave(where) == 4
    assert "wave.held" not in gate(second)
    assert "wave.held" in gate(third)


def test_what_nobody_continued_is_due_at_the_end_and_refused_there_with_its_reason(
    cast: Cast,
) -> None:
    where, (_, second) = live(cast, 1, 2)
    found = refusals(Run.objects.get(pk=second.pk), now=where.ends_at, target_count=1)
    assert "The hold point after wave 1 was not continued." in [r.because for r in found]


def test_the_debrief_does_not_open_while_a_wave_waits(cast: Cast) -> None:
    where, (first, _) = live(cast, 1, 2)
    over(first)
    open_due_debriefs()
    where.refresh_from_db()
    assert where.phase == Phase.LIVE


def test_a_stopped_exercise_is_not_continued(cast: Cast) -> None:
    where, (first, _) = live(cast, 1, 2)
    over(first)
    Exercise.objects.update(stopped_at=database_now())
    with pytest.raises(Refused, match="was stopped"):
        continue_wave(actor=cast.actor("lead"), exercise=where, after_wave=1)


def late(cast: Cast, where: Exercise) -> Experiment:
    """Proposed after Go by another application of the team."""
    place = build.deployment(cast, slug="late-comer")
    author = cast.actor("author")
    experiment = start_draft(
        actor=author, draft=build.draft(cast, deployment=place), exercise=where
    )
    return propose(actor=author, experiment=experiment)


def test_a_late_joiner_needs_everything_and_a_wave_that_has_not_begun(cast: Cast) -> None:
    where, _ = live(cast, 1)
    experiment = late(cast, where)
    lead = cast.actor("lead")
    with pytest.raises(Refused) as refused:
        join_late(actor=lead, experiment=experiment, wave=2)
    rules = {refusal.rule for refusal in refused.value.refusals}
    assert rules == {"approval.missing", "preflight.not_ready"}
    build.approve(cast, experiment, "owner", "lead")
    build.passed_preflight(experiment)
    with pytest.raises(Invalid, match="between 2"):
        join_late(actor=lead, experiment=experiment, wave=1)
    run = join_late(actor=lead, experiment=experiment, wave=2)
    assert HoldPoint.objects.get(exercise=where).after_wave == 1
    assert "wave.held" in gate(run)
    with pytest.raises(Refused, match="has a slot already"):
        join_late(actor=lead, experiment=experiment, wave=3)


def test_a_late_joiner_with_a_no_go_stays_out(cast: Cast) -> None:
    where, _ = live(cast, 1)
    experiment = late(cast, where)
    build.approve(cast, experiment, "owner", "lead")
    build.passed_preflight(experiment)
    mine = Participation.objects.get(exercise=where, application=experiment.application)
    answer_poll(actor=cast.actor("owner"), participation=mine, is_go=False, reason="not ready")
    with pytest.raises(Refused, match="No-go from"):
        join_late(actor=cast.actor("lead"), experiment=experiment, wave=2)


def test_a_zone_of_production_does_not_join_what_one_person_started(cast: Cast) -> None:
    where, _ = live(cast, 1)
    author = cast.actor("author")
    draft = build.draft(
        cast,
        deployment=build.deployment(cast, slug="late-comer"),
        template_version=build.template_version(rung=3),
    )
    experiment = propose(
        actor=author, experiment=start_draft(actor=author, draft=draft, exercise=where)
    )
    build.approve(cast, experiment, "owner", "lead", "safety")
    build.passed_preflight(experiment)
    with pytest.raises(Refused) as refused:
        join_late(actor=cast.actor("lead"), experiment=experiment, wave=2)
    assert {refusal.rule for refusal in refused.value.refusals} == {"go.two_people"}


def test_what_has_its_slot_is_not_edited_any_more(cast: Cast) -> None:
    _, (run,) = live(cast, 1)
    place = run.experiment.deployment
    with pytest.raises(Refused, match="takes no proposals"):
        edit_draft(
            actor=cast.actor("author"),
            experiment=run.experiment,
            draft=build.draft(cast, deployment=place, target_cap=1),
        )


def test_a_cancelled_experiment_never_starts_and_the_others_do(cast: Cast) -> None:
    where, (first, second) = live(cast, 1, 1)
    with pytest.raises(Invalid, match="say why"):
        cancel_experiment(actor=cast.actor("lead"), experiment=first.experiment, reason=" ")
    cancel_experiment(
        actor=cast.actor("operator"), experiment=first.experiment, reason="A deploy is late."
    )
    first.refresh_from_db()
    assert (first.state, first.state_reason) == ("cancelled", "A deploy is late.")
    assert "approval.content_changed" in gate(first)
    assert "approval.content_changed" not in gate(second)
    assert where.events.filter(kind="experiment.cancelled").exists()
    with pytest.raises(Conflict):
        cancel_experiment(actor=cast.actor("lead"), experiment=first.experiment, reason="again")


def test_what_was_started_is_stopped_not_cancelled(cast: Cast) -> None:
    where, (run,) = live(cast, 1)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.STARTING.value, asked_at=database_now(), due_at=None
    )
    with pytest.raises(Refused, match="has been started"):
        cancel_experiment(actor=cast.actor("lead"), experiment=run.experiment, reason="no")
    with pytest.raises(Conflict):
        cancel_exercise(actor=cast.actor("lead"), exercise=where, reason="no")


def test_another_wave_keeps_the_approvals_and_another_slot_voids_them(cast: Cast) -> None:
    where, (first, second) = planned(cast, 1, 1)
    lead = cast.actor("lead")
    voided = arrange(
        actor=lead,
        exercise=where,
        places=[Place(first.pk, 1, 0), Place(second.pk, 2, 600)],
    )
    assert [experiment.pk for experiment in voided] == [second.pk]
    before = [experiment.revision_id for experiment in (first, second)]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.wave, second.slot_offset_s) == (2, 600)
    assert first.revision_id == before[0]
    assert second.revision_id != before[1]
    assert arrange(actor=lead, exercise=where, places=[Place(first.pk, 3, 0)]) == []
    first.refresh_from_db()
    assert (first.wave, first.revision_id) == (3, before[0])


@pytest.mark.parametrize(
    ("wave", "slot_s", "problem"),
    [
        (0, 0, "between 1 and 20"),
        (21, 0, "between 1 and 20"),
        (1, -60, "between 0 and 1440"),
        (1, 23 * 3600, "outside the exercise's window"),
    ],
)
def test_a_place_that_is_none_is_named_and_nothing_moves(
    cast: Cast, wave: int, slot_s: int, problem: str
) -> None:
    where, (first, second) = planned(cast, 1, 1)
    places = [Place(first.pk, 2, 0), Place(second.pk, wave, slot_s)]
    with pytest.raises(Invalid, match=problem):
        arrange(actor=cast.actor("lead"), exercise=where, places=places)
    first.refresh_from_db()
    assert first.wave == 1


def test_the_run_sheet_is_the_leads_and_fixed_at_go(cast: Cast) -> None:
    where, (first,) = planned(cast, 1)
    with pytest.raises(NotAllowed):
        arrange(actor=cast.actor("owner"), exercise=where, places=[Place(first.pk, 2, 0)])
    where = build.went_live(cast, where)
    with pytest.raises(Refused, match="fixed once"):
        arrange(actor=cast.actor("lead"), exercise=where, places=[Place(first.pk, 2, 0)])


def test_the_pages_tell_the_story_before_during_and_after_a_hold_point(cast: Cast) -> None:
    where, (first, second) = live(cast, 1, 2)
    late(cast, where)
    lead = Client()
    lead.force_login(cast.lead)
    url = f"/exercises/{where.slug}/"
    assert "A hold point follows wave 1" in lead.get(f"{url}live/").content.decode()
    assert "is not over yet" in lead.get(f"{url}hold-point/").content.decode()
    over(first)
    room = lead.get(f"{url}live/").content.decode()
    assert "Hold point after wave 1: waiting for the lead" in room
    assert "at the hold point" in room
    lead.post(f"{url}hold-point/", {"after_wave": "1", "reason": "All held."})
    second.refresh_from_db()
    assert second.due_at != where.ends_at
    sheet = lead.get(f"{url}run-sheet/").content.decode()
    assert "Programme lead continued" in sheet
    assert "Not in this Go" in sheet
    assert "Nothing waits" in lead.get(f"{url}hold-point/").content.decode()
    member = Client()
    member.force_login(cast.author)
    assert member.get(f"{url}hold-point/").status_code == 403
    assert member.post(f"{url}run-sheet/").status_code == 403
