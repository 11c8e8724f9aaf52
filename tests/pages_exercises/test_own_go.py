"""A production zone outside an exercise: two people start it, or it does not start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from exercises.domain.actors import Door
from exercises.domain.errors import Invalid, NotAllowed, Refused
from exercises.domain.going_live import MOST_TRIES
from exercises.models import (
    AuditEntry,
    Exercise,
    Experiment,
    Finding,
    GoPair,
    GoRequest,
    Notice,
    Run,
)
from exercises.models.due_work import database_now
from exercises.queries.start_gate import refusals
from exercises.services import go_live
from exercises.services.freezes import declare_freeze
from exercises.services.notice_times import look
from exercises.services.own_go import confirm_own_go, say_own_go
from exercises.services.propose import edit_draft, propose, start_draft
from tests import build
from tests.cast import Cast
from tests.drive import tell_everyone

pytestmark = pytest.mark.django_db
Person = Callable[[str], Client]
AHEAD = timedelta(minutes=30)


def retest(cast: Cast, *, ahead: timedelta = AHEAD, rung: int = 3) -> Experiment:
    """An approved retest in a production zone, with a slot of its own."""
    before = build.proposed(cast)
    finding = Finding.objects.create(
        exercise=before.exercise,
        application=before.application,
        title="Reconnects storm the broker",
        failure_family="instance-loss",
        state="fix_live",
        created_at=database_now(),
    )
    experiment = start_draft(
        actor=cast.actor("author"),
        draft=build.draft(
            cast, template_version=build.template_version(rung=rung), slot_offset_s=0
        ),
        starts_at=database_now() + ahead,
        retest_of=finding,
    )
    experiment = propose(actor=cast.actor("author"), experiment=experiment)
    build.approve(cast, experiment, "owner", "lead", *(["safety"] if rung >= 3 else []))
    return Experiment.objects.get(pk=experiment.pk)


def run_of(experiment: Experiment) -> Run:
    return Run.objects.get(experiment=experiment, state="scheduled")


def gate(experiment: Experiment) -> set[str]:
    """What the gate would refuse at its slot."""
    run = run_of(experiment)
    at = run.experiment.exercise.starts_at
    run.scheduled_at = at
    return {r.rule for r in refusals(run, now=at, target_count=1)} - {"account.unwatched"}


def said(cast: Cast, experiment: Experiment, who: str = "operator", session: str = "one") -> None:
    say_own_go(actor=cast.actor(who), experiment=experiment, session=session)


def confirmed(
    cast: Cast, experiment: Experiment, who: str = "safety", session: str = "two", code: str = ""
) -> GoPair:
    return confirm_own_go(
        actor=cast.actor(who),
        experiment=experiment,
        code=code or experiment.code,
        session=session,
    )


def refused(call: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as found:
        call()
    return {refusal.rule for refusal in found.value.refusals}


def test_the_gate_refuses_it_until_two_people_have_said_go(cast: Cast) -> None:
    experiment = retest(cast)
    run = run_of(experiment)
    assert run.scheduled_at == experiment.exercise.ends_at
    assert gate(experiment) == {"go.two_people"}
    said(cast, experiment)
    assert gate(experiment) == {"go.two_people"}
    pair = confirmed(cast, experiment, code=f" {experiment.code.lower()} ")
    assert (pair.lead, pair.safety) == (cast.operator, cast.safety)
    assert gate(experiment) == set()
    run.refresh_from_db()
    assert run.scheduled_at == run.due_at == experiment.exercise.starts_at
    entry = AuditEntry.objects.get(action="experiment.go")
    assert (entry.details["lead_session"], entry.details["safety_session"]) == ("one", "two")


def test_after_its_slot_it_starts_when_both_have_said_go(cast: Cast) -> None:
    experiment = retest(cast)
    Exercise.objects.filter(pk=experiment.exercise_id).update(
        starts_at=database_now() - timedelta(minutes=20)
    )
    said(cast, experiment)
    at = confirmed(cast, experiment).safety_at
    assert run_of(experiment).scheduled_at == at


def test_below_a_zone_its_slot_starts_it_and_nobody_says_go(cast: Cast) -> None:
    experiment = retest(cast, rung=2)
    assert run_of(experiment).scheduled_at == experiment.exercise.starts_at
    assert gate(experiment) == set()
    assert refused(lambda: said(cast, experiment)) == {"go.not_needed"}


@pytest.mark.parametrize(
    ("who", "session", "rule"),
    [("lead", "two", "go.same_person"), ("safety", "one", "go.same_session")],
)
def test_it_takes_two_people_in_two_sessions(cast: Cast, who: str, session: str, rule: str) -> None:
    experiment = retest(cast)
    cast.lead.organisation_roles.create(role="safety_officer", granted_at=None)
    Exercise.objects.filter(pk=experiment.exercise_id).update(lead=cast.lead)
    said(cast, experiment, "lead")
    assert refused(lambda: confirmed(cast, experiment, who, session)) == {rule}
    assert not GoPair.objects.exists()


def test_nobody_confirms_what_nobody_said_nor_too_early_nor_what_lacks_an_approval(
    cast: Cast,
) -> None:
    experiment = retest(cast)
    assert refused(lambda: confirmed(cast, experiment)) == {"go.not_said"}
    Exercise.objects.filter(pk=experiment.exercise_id).update(
        starts_at=database_now() + timedelta(minutes=61)
    )
    assert refused(lambda: said(cast, experiment)) == {"go.too_early"}
    Run.objects.filter(experiment=experiment).update(state="cancelled")
    assert refused(lambda: said(cast, experiment)) == {"run.not_scheduled"}


def test_a_wrong_code_is_counted(cast: Cast) -> None:
    experiment = retest(cast)
    said(cast, experiment)
    for left in reversed(range(MOST_TRIES)):
        with pytest.raises(Invalid, match=f"{left} more tries"):
            confirmed(cast, experiment, code="EXP-0")
    assert refused(lambda: confirmed(cast, experiment)) == {"go.too_many_tries"}


def test_an_edit_is_another_go(cast: Cast) -> None:
    experiment = retest(cast)
    said(cast, experiment)
    confirmed(cast, experiment)
    assert refused(lambda: said(cast, experiment)) == {"go.said"}
    changed = build.draft(
        cast, template_version=experiment.template_version, slot_offset_s=0, target_cap=2
    )
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=changed)
    experiment.refresh_from_db()
    build.approve(cast, experiment, "owner", "lead", "safety")
    assert gate(experiment) == {"go.two_people"}
    said(cast, experiment)
    confirmed(cast, experiment)
    assert gate(experiment) == set()
    assert experiment.go_pairs.count() == 2


def test_what_changed_between_the_two_words_is_not_confirmed(cast: Cast) -> None:
    experiment = retest(cast)
    said(cast, experiment)
    Exercise.objects.filter(pk=experiment.exercise_id).update(
        starts_at=database_now() + timedelta(minutes=40)
    )
    assert refused(lambda: confirmed(cast, experiment)) == {"go.changed"}


def test_what_holds_the_start_holds_the_go(cast: Cast) -> None:
    experiment = retest(cast)
    now = database_now()
    declare_freeze(
        actor=cast.actor("lead"), name="Launch", starts_at=now, ends_at=now + timedelta(hours=1)
    )
    assert refused(lambda: said(cast, experiment)) == {"freeze.active"}


@pytest.mark.parametrize("who", ["outsider", "leadership", "safety"])
def test_the_first_word_is_the_teams(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        said(cast, retest(cast), who)


def test_neither_word_comes_by_a_token_and_the_second_only_from_a_safety_officer(
    cast: Cast,
) -> None:
    experiment = retest(cast)
    with pytest.raises(NotAllowed):
        say_own_go(actor=cast.actor("operator", Door.API), experiment=experiment, session="one")
    said(cast, experiment)
    for actor in (cast.actor("safety", Door.API), cast.actor("owner"), cast.actor("lead")):
        with pytest.raises(NotAllowed):
            confirm_own_go(actor=actor, experiment=experiment, code=experiment.code, session="two")


def test_the_go_of_an_exercise_starts_nothing_that_is_on_its_own(cast: Cast) -> None:
    experiment = retest(cast)
    for act in (go_live.go_live, lambda **of: go_live.say_go(session="one", **of)):
        assert refused(
            lambda act=act: act(actor=cast.actor("lead"), exercise=experiment.exercise)  # type: ignore[misc]
        ) == {"go.own_slot"}


def test_an_exercise_still_has_one_pair(cast: Cast) -> None:
    experiment = retest(cast)
    now = database_now()

    def pair() -> None:
        request = GoRequest.objects.create(
            exercise=experiment.exercise,
            said_by=cast.lead,
            session="one",
            said_at=now,
            valid_until=now,
            readiness="",
        )
        GoPair.objects.create(
            exercise=experiment.exercise,
            request=request,
            lead=cast.lead,
            lead_session="one",
            lead_at=now,
            safety=cast.safety,
            safety_session="two",
            safety_at=now,
        )

    pair()
    with pytest.raises(IntegrityError, match="one_go_of_an_exercise"):
        pair()


def test_both_say_it_on_the_experiments_page(cast: Cast, as_person: Person) -> None:
    experiment = retest(cast)
    url = f"/experiments/{experiment.code}/"
    operator, safety = as_person("operator"), as_person("safety")
    assert "Say Go" in operator.get(url).content.decode()
    assert "Say Go" not in safety.get(url).content.decode()
    assert safety.post(f"{url}go/confirm/", {"code": experiment.code}).status_code == 409
    assert operator.post(f"{url}go/").status_code == 302
    assert "You said Go" in operator.get(url).content.decode()
    assert f"/exercises/{experiment.exercise.slug}/go/" in safety.get("/").content.decode()
    answer = safety.post(f"{url}go/confirm/", {"code": "EXP-0"})
    assert answer.status_code == 422
    assert 'aria-describedby="code_error code_hint"' in answer.content.decode()
    assert safety.post(f"{url}go/confirm/", {"code": experiment.code}).status_code == 302
    page = safety.get(f"/exercises/{experiment.exercise.slug}/go/", follow=True).content.decode()
    assert "Team operator and Safety officer said Go" in page
    assert "Confirm Go for" not in safety.get("/").content.decode()


def test_an_hour_before_the_team_and_the_safety_officers_are_told(cast: Cast) -> None:
    experiment = retest(cast, ahead=timedelta(minutes=55))
    look(database_now())
    tell_everyone()
    notices = Notice.objects.filter(announcement__exercise=experiment.exercise)
    found = {n.person.name: n.because for n in notices.select_related("person")}
    assert found["Team operator"] == "Your team says Go for it"
    assert found["Safety officer"] == "A safety officer confirms its Go"
