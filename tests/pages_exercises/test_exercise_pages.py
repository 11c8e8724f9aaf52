"""The pages of an exercise: who sees what, what leads on, and how a page says no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from exercises.domain.errors import Conflict, Invalid
from exercises.domain.exercise_phases import Phase
from exercises.domain.run_states import RunState
from exercises.models import Exercise, Participation, Run
from exercises.models.due_work import database_now
from exercises.queries.plans import planned_wall
from exercises.services.cancel import cancel_exercise
from exercises.services.exercises import invite
from exercises.services.taking_part import answer_invitation
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]

TABS = (
    "",
    "participants/",
    "experiments/",
    "approvals/",
    "preflight/",
    "run-sheet/",
    "poll/",
    "activity/",
)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_for_everyone_who_is_signed_in(
    cast: Cast, as_person: Person, tab: str
) -> None:
    exercise = build.exercise(cast)
    build.proposed(cast, exercise)
    for name in ("lead", "author", "outsider", "auditor"):
        page = as_person(name).get(f"/exercises/{exercise.slug}/{tab}")
        assert page.status_code == 200
        assert exercise.name in page.content.decode()


@pytest.mark.parametrize("tab", TABS)
def test_an_empty_exercise_has_every_tab(cast: Cast, as_person: Person, tab: str) -> None:
    exercise = build.exercise(cast, phase=Phase.PLAN)
    assert as_person("lead").get(f"/exercises/{exercise.slug}/{tab}").status_code == 200


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in_and_back(client: Client) -> None:
    answer = client.get("/exercises/2026-11/")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=/exercises/2026-11/"


def test_an_exercise_that_does_not_exist_is_not_found(as_person: Person) -> None:
    assert as_person("lead").get("/exercises/never/").status_code == 404


def test_a_self_service_experiment_of_another_team_is_not_found(
    cast: Cast, as_person: Person
) -> None:
    exercise = build.exercise(cast)
    build.proposed(cast, exercise)
    Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
    assert as_person("author").get(f"/exercises/{exercise.slug}/").status_code == 200
    assert as_person("outsider").get(f"/exercises/{exercise.slug}/").status_code == 404


def test_a_draft_of_another_team_is_not_listed(cast: Cast, as_person: Person) -> None:
    from exercises.services.propose import start_draft

    exercise = build.exercise(cast)
    start_draft(
        actor=cast.actor("author"), draft=build.draft(cast, title="Quiet draft"), exercise=exercise
    )
    url = f"/exercises/{exercise.slug}/experiments/"
    assert "Quiet draft" in as_person("author").get(url).content.decode()
    assert "Quiet draft" not in as_person("outsider").get(url).content.decode()


def test_only_the_lead_sees_the_step_that_leads_on(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast, phase=Phase.JOIN)
    url = f"/exercises/{exercise.slug}/"
    assert "Start approvals" in as_person("lead").get(url).content.decode()
    assert "Start approvals" not in as_person("author").get(url).content.decode()


def test_preflight_does_not_open_before_one_experiment_is_approved(
    cast: Cast, as_person: Person
) -> None:
    exercise = build.exercise(cast)
    experiment = build.proposed(cast, exercise)
    url = f"/exercises/{exercise.slug}/"
    assert "needs all of its approvals first" in as_person("lead").get(url).content.decode()
    build.approve(cast, experiment, "owner", "lead")
    assert "needs all of its approvals first" not in as_person("lead").get(url).content.decode()


def test_moving_on_enters_the_phase_the_button_named(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast, phase=Phase.JOIN)
    answer = as_person("lead").post(f"/exercises/{exercise.slug}/move/", {"to": "approve"})
    assert answer.status_code == 302
    exercise.refresh_from_db()
    assert exercise.phase == Phase.APPROVE


@pytest.mark.parametrize(("to", "status"), [("live", 422), ("closed", 409), ("nowhere", 404)])
def test_a_phase_that_is_not_next_is_refused(
    cast: Cast, as_person: Person, to: str, status: int
) -> None:
    exercise = build.exercise(cast, phase=Phase.JOIN)
    answer = as_person("lead").post(f"/exercises/{exercise.slug}/move/", {"to": to})
    assert answer.status_code == status
    exercise.refresh_from_db()
    assert exercise.phase == Phase.JOIN


@pytest.mark.parametrize("where", ["move/", "cancel/", "go/", "invite/"])
def test_who_does_not_lead_may_not_lead(cast: Cast, as_person: Person, where: str) -> None:
    exercise = build.exercise(cast, phase=Phase.PREFLIGHT)
    application = build.deployment(cast).application
    answer = as_person("author").post(
        f"/exercises/{exercise.slug}/{where}", {"to": "approve", "application": application.pk}
    )
    assert answer.status_code == 403
    exercise.refresh_from_db()
    assert exercise.phase == Phase.PREFLIGHT


def test_cancelling_asks_once_and_then_nothing_starts(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast)
    lead = as_person("lead")
    assert (
        "Nothing of it will start"
        in lead.get(f"/exercises/{exercise.slug}/cancel/").content.decode()
    )
    unexplained = lead.post(f"/exercises/{exercise.slug}/cancel/", {"reason": " "})
    assert unexplained.status_code == 422
    assert "say why" in unexplained.content.decode()
    lead.post(f"/exercises/{exercise.slug}/cancel/", {"reason": "A deploy is late."})
    exercise.refresh_from_db()
    assert exercise.phase == Phase.CANCELLED
    page = lead.get(f"/exercises/{exercise.slug}/")
    assert "Cancelled: A deploy is late." in page.content.decode()


def test_an_invited_team_joins_by_naming_who_is_on_call(cast: Cast, as_person: Person) -> None:
    exercise, participation = _invited(cast)
    url = f"/exercises/{exercise.slug}/participants/{participation.pk}/"
    operator = as_person("operator")
    refused = operator.post(url, {"answer": "accepted", "on_call": " "})
    assert refused.status_code == 422
    assert "name who is on call" in refused.content.decode()
    operator.post(url, {"answer": "accepted", "on_call": "Team operator"})
    participation.refresh_from_db()
    assert (participation.answer, participation.on_call) == ("accepted", "Team operator")


def test_a_member_without_the_role_does_not_answer_for_the_team(
    cast: Cast, as_person: Person
) -> None:
    exercise, participation = _invited(cast)
    url = f"/exercises/{exercise.slug}/participants/{participation.pk}/"
    assert as_person("author").post(url, {"answer": "accepted", "on_call": "Me"}).status_code == 403


def test_inviting_applications_opens_the_exercise_for_teams(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast, phase=Phase.PLAN)
    application = build.deployment(cast).application
    lead = as_person("lead")
    lead.post(f"/exercises/{exercise.slug}/invite/", {"application": application.pk})
    exercise.refresh_from_db()
    assert exercise.phase == Phase.JOIN
    assert Participation.objects.get(exercise=exercise).application == application


def test_go_lists_what_is_open_and_refuses(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast)
    build.proposed(cast, exercise)
    lead = as_person("lead")
    url = f"/exercises/{exercise.slug}/go/"
    assert "Go is not possible yet" in lead.get(url).content.decode()
    refused = lead.post(url)
    assert refused.status_code == 409
    assert "Go was refused, nothing started" in refused.content.decode()
    exercise.refresh_from_db()
    assert exercise.went_live_at is None


def test_go_from_the_page_makes_it_live_and_gives_each_run_its_instant(
    cast: Cast, as_person: Person
) -> None:
    exercise = build.exercise(cast)
    experiment = build.approved(cast, exercise)
    build.passed_preflight(experiment)
    Exercise.objects.filter(pk=exercise.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    lead = as_person("lead")
    url = f"/exercises/{exercise.slug}/go/"
    assert "Go: start 1 experiment<" in lead.get(url).content.decode()
    answer = lead.post(url)
    assert answer["Location"] == f"/exercises/{exercise.slug}/live/"
    exercise.refresh_from_db()
    run = Run.objects.get(experiment=experiment)
    assert exercise.phase == Phase.LIVE
    assert exercise.went_live_at is not None
    assert run.scheduled_at == exercise.went_live_at + planned_wall(60)


def test_a_live_exercise_leads_to_its_room(cast: Cast, as_person: Person) -> None:
    exercise, _ = build.live(cast)
    page = as_person("author").get(f"/exercises/{exercise.slug}/").content.decode()
    assert f"/exercises/{exercise.slug}/live/" in page
    assert "Ready to go live?" not in page


def test_the_debrief_does_not_open_while_something_runs(cast: Cast, as_person: Person) -> None:
    exercise, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(state=RunState.STARTING.value)
    lead = as_person("lead")
    assert "1 still running" in lead.get(f"/exercises/{exercise.slug}/").content.decode()
    answer = lead.post(f"/exercises/{exercise.slug}/move/", {"to": "debrief"})
    assert answer.status_code == 409
    exercise.refresh_from_db()
    assert exercise.phase == Phase.LIVE


def test_opening_the_debrief_by_hand_cancels_what_is_still_scheduled(
    cast: Cast, as_person: Person
) -> None:
    exercise, run = build.live(cast)
    as_person("lead").post(f"/exercises/{exercise.slug}/move/", {"to": "debrief"})
    exercise.refresh_from_db()
    run.refresh_from_db()
    assert (exercise.phase, run.state) == (Phase.DEBRIEF, RunState.CANCELLED)


def test_inviting_does_not_bring_back_what_was_called_off_meanwhile(cast: Cast) -> None:
    exercise = build.exercise(cast, phase=Phase.PLAN)  # as the page read it
    application = build.deployment(cast).application
    lead = cast.actor("lead")
    cancel_exercise(actor=lead, exercise=exercise, reason="No on-call that week.")
    invite(actor=lead, exercise=exercise, applications=[application])
    exercise.refresh_from_db()
    assert exercise.phase == Phase.CANCELLED


def test_an_answer_is_taken_until_the_exercise_is_over(cast: Cast) -> None:
    exercise, invitation = _invited(cast)
    owner = cast.actor("owner")
    with pytest.raises(Invalid, match="at most 120"):
        answer_invitation(
            actor=owner, participation=invitation, answer="accepted", on_call="x" * 121
        )
    cancel_exercise(actor=cast.actor("lead"), exercise=exercise, reason="No on-call that week.")
    with pytest.raises(Conflict, match="over"):
        answer_invitation(actor=owner, participation=invitation, answer="declined")


def _invited(cast: Cast) -> tuple[Exercise, Participation]:
    exercise = build.exercise(cast, phase=Phase.PLAN)
    application = build.deployment(cast).application
    invite(actor=cast.actor("lead"), exercise=exercise, applications=[application])
    return exercise, Participation.objects.get(exercise=exercise)
