"""Go of two people, go / no-go and the on-call: what each of them may do, and what holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from exercises.domain.actors import Door
from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.going_live import MOST_TRIES
from exercises.models import AuditEntry, Exercise, Experiment, GoPair, Participation, Run
from exercises.models.due_work import database_now
from exercises.queries.readiness import readiness_of
from exercises.queries.start_gate import refusals
from exercises.services import go_live as going
from exercises.services import two_people
from exercises.services.taking_part import acknowledge, answer_invitation, answer_poll, rule_no_go
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def opened(cast: Cast, *, rung: int = 3) -> tuple[Exercise, Experiment]:
    """Everything is ready: only Go is missing. By default it takes two people."""
    where = build.exercise(cast, opens_in=timedelta(minutes=5))
    version = build.template_version(rung=rung)
    experiment = build.approved(cast, where, template_version=version, slot_offset_s=0)
    build.passed_preflight(experiment)
    Exercise.objects.filter(pk=where.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    where.refresh_from_db()
    return where, experiment


def said(cast: Cast, where: Exercise, session: str = "lead's") -> None:
    going.say_go(actor=cast.actor("lead"), exercise=where, session=session)


def confirmed(
    cast: Cast, where: Exercise, *, who: str = "safety", code: str = "", session: str = "safety's"
) -> Exercise:
    return going.confirm_go(
        actor=cast.actor(who), exercise=where, code=code or where.code, session=session
    )


def rules_of(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {refusal.rule for refusal in refused.value.refusals}


def gate(run: Run) -> set[str]:
    return {r.rule for r in refusals(run, now=database_now(), target_count=1)}


def run_of(experiment: Experiment) -> Run:
    return Run.objects.get(experiment=experiment, is_rehearsal=False)


def test_two_people_start_it_and_both_are_on_record(cast: Cast) -> None:
    where, experiment = opened(cast)
    said(cast, where)
    where.refresh_from_db()
    assert where.went_live_at is None
    live = confirmed(cast, where, code=f"  {where.code.lower()} \n")
    assert live.phase == Phase.LIVE
    pair = GoPair.objects.get(exercise=where)
    assert (pair.lead, pair.safety) == (cast.lead, cast.safety)
    assert (pair.lead_session, pair.safety_session) == ("lead's", "safety's")
    entry = AuditEntry.objects.get(action="exercise.go")
    assert entry.details["lead_session"] == "lead's"
    assert gate(run_of(experiment)) == set()


def test_one_person_is_enough_below_the_rung_of_a_zone(cast: Cast) -> None:
    where, _ = opened(cast, rung=2)
    assert going.go_live(actor=cast.actor("lead"), exercise=where).phase == Phase.LIVE
    where, _ = opened_twice(cast)
    with pytest.raises(Refused) as refused:
        going.go_live(actor=cast.actor("lead"), exercise=where)
    assert rules_of(refused) == {"go.two_people"}


def opened_twice(cast: Cast) -> tuple[Exercise, Experiment]:
    Exercise.objects.update(slug="earlier")
    return opened(cast)


def test_nobody_confirms_what_nobody_said(cast: Cast) -> None:
    where, _ = opened(cast)
    with pytest.raises(Refused) as refused:
        confirmed(cast, where)
    assert rules_of(refused) == {"go.not_said"}


def test_the_same_person_does_not_say_it_twice_even_with_both_roles(cast: Cast) -> None:
    where, _ = opened(cast)
    cast.lead.organisation_roles.create(role="safety_officer")
    said(cast, where)
    with pytest.raises(Refused) as refused:
        confirmed(cast, where, who="lead")
    assert rules_of(refused) == {"go.same_person"}


def test_the_same_session_does_not_say_it_twice(cast: Cast) -> None:
    where, _ = opened(cast)
    said(cast, where, session="shared")
    with pytest.raises(Refused) as refused:
        confirmed(cast, where, session="shared")
    assert rules_of(refused) == {"go.same_session"}


def test_after_five_minutes_the_lead_says_go_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, _ = opened(cast)
    said(cast, where)
    later = database_now() + timedelta(minutes=5, seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(two_people, "database_now", lambda: later)
        with pytest.raises(Refused) as refused:
            confirmed(cast, where)
    assert rules_of(refused) == {"go.too_late"}
    said(cast, where)
    assert confirmed(cast, where).phase == Phase.LIVE


def test_a_wrong_code_is_counted_until_the_lead_says_go_again(cast: Cast) -> None:
    where, _ = opened(cast)
    said(cast, where)
    for left in reversed(range(MOST_TRIES)):
        with pytest.raises(Invalid, match=f"{left} more tries"):
            confirmed(cast, where, code="ITEE-2026-10")
    with pytest.raises(Refused) as refused:
        confirmed(cast, where)
    assert rules_of(refused) == {"go.too_many_tries"}
    said(cast, where)
    assert confirmed(cast, where).phase == Phase.LIVE


def test_what_became_ready_in_between_is_another_go(cast: Cast) -> None:
    where, _ = opened(cast)
    said(cast, where)
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.APPROVE.value)
    where.refresh_from_db()
    other = build.deployment(cast, slug="ota-updates")
    build.passed_preflight(build.approved(cast, where, deployment=other, slot_offset_s=900))
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.PREFLIGHT.value)
    where.refresh_from_db()
    with pytest.raises(Refused) as refused:
        confirmed(cast, where)
    assert rules_of(refused) == {"go.changed"}
    where.refresh_from_db()
    assert where.went_live_at is None


@pytest.mark.parametrize("who", ["author", "owner", "leadership"])
def test_only_a_safety_officer_confirms(cast: Cast, who: str) -> None:
    where, _ = opened(cast)
    said(cast, where)
    with pytest.raises(NotAllowed):
        confirmed(cast, where, who=who)


def test_no_token_says_go(cast: Cast) -> None:
    where, _ = opened(cast)
    with pytest.raises(NotAllowed):
        going.say_go(actor=cast.actor("lead", Door.API), exercise=where, session="x")


def test_a_run_does_not_start_without_the_pair_whatever_said_that_it_is_live(cast: Cast) -> None:
    where, experiment = opened(cast)
    said(cast, where)
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.LIVE.value, went_live_at=database_now())
    assert experiment.revision is not None
    run = Run.objects.create(
        experiment=Experiment.objects.get(pk=experiment.pk),
        revision=experiment.revision,
        token="forged",
        scheduled_at=database_now(),
    )
    assert gate(run) == {"go.two_people"}


def test_on_the_page_the_lead_says_go_and_the_officer_types_the_code(
    cast: Cast, as_person: Person
) -> None:
    where, _ = opened(cast)
    url = f"/exercises/{where.slug}/go/"
    lead, safety = as_person("lead"), as_person("safety")
    assert "Say Go as exercise lead" in lead.get(url).content.decode()
    assert "Say Go as exercise lead" not in safety.get(url).content.decode()
    assert lead.post(url)["Location"] == url
    assert "You said Go" in lead.get(url).content.decode()
    detail = safety.get(f"/exercises/{where.slug}/").content.decode()
    assert "Confirm Go" in detail
    page = safety.get(url).content.decode()
    assert "type <b>ITEE-2026-11</b> to start" in page
    wrong = safety.post(f"{url}confirm/", {"code": "ITEE-2026-1"})
    assert wrong.status_code == 422
    assert "4 more tries" in wrong.content.decode()
    done = safety.post(f"{url}confirm/", {"code": "ITEE-2026-11"})
    assert done["Location"] == f"/exercises/{where.slug}/live/"
    assert lead.post(f"{url}confirm/", {"code": "ITEE-2026-11"}).status_code == 403
    assert as_person("author").get(url).status_code == 403


def test_the_first_page_says_whose_word_is_awaited(cast: Cast, as_person: Person) -> None:
    where, _ = opened(cast)
    Participation.objects.update(acknowledged_at=None)
    confirm = f"Confirm Go for {where.name}"
    assert confirm not in as_person("safety").get("/").content.decode()
    owner = as_person("owner").get("/").content.decode()
    assert "Say go or no-go for Mqtt Broker" in owner
    mine = Participation.objects.get(exercise=where)
    answer_poll(actor=cast.actor("owner"), participation=mine, is_go=True)
    assert "Say that you are on call" in as_person("operator").get("/").content.decode()
    acknowledge(actor=cast.actor("operator"), participation=mine)
    assert "Say that you are on call" not in as_person("operator").get("/").content.decode()
    said(cast, where)
    assert confirm in as_person("safety").get("/").content.decode()
    assert confirm not in as_person("lead").get("/").content.decode()


def test_a_no_go_holds_what_is_theirs_and_the_others_go_on(cast: Cast) -> None:
    where, experiment = opened(cast, rung=2)
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.APPROVE.value)
    where.refresh_from_db()
    other = build.approved(
        cast, where, deployment=build.deployment(cast, slug="ota-updates"), slot_offset_s=60
    )
    build.passed_preflight(other)
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.PREFLIGHT.value)
    mine = Participation.objects.get(exercise=where, application=experiment.application)
    with pytest.raises(Invalid, match="say why"):
        answer_poll(actor=cast.actor("owner"), participation=mine, is_go=False)
    answer_poll(actor=cast.actor("owner"), participation=mine, is_go=False, reason="a deploy")
    going.go_live(actor=cast.actor("lead"), exercise=where)
    assert not Run.objects.filter(experiment=experiment, is_rehearsal=False).exists()
    assert gate(run_of(other)) <= {"run.not_due", "ladder.level"}


def test_a_late_no_go_holds_what_has_not_started(cast: Cast) -> None:
    where, run = build.live(cast)
    mine = Participation.objects.get(exercise=where)
    answer_poll(actor=cast.actor("owner"), participation=mine, is_go=False, reason="we see errors")
    assert "poll.no_go" in gate(Run.objects.get(pk=run.pk))
    answer_poll(actor=cast.actor("owner"), participation=mine, is_go=True)
    assert "poll.no_go" not in gate(Run.objects.get(pk=run.pk))


def test_a_no_go_holds_everything_when_the_lead_says_so(cast: Cast) -> None:
    where, run = build.live(cast)
    bystander = build.deployment(cast, slug="ota-updates").application
    theirs = Participation.objects.create(exercise=where, application=bystander, answer="accepted")
    answer_poll(actor=cast.actor("owner"), participation=theirs, is_go=False, reason="no")
    assert "poll.no_go" not in gate(Run.objects.get(pk=run.pk))
    rule_no_go(actor=cast.actor("lead"), exercise=where, holds="exercise")
    assert "poll.no_go" in gate(Run.objects.get(pk=run.pk))


def test_readiness_says_who_has_not_answered(cast: Cast) -> None:
    where, _ = opened(cast, rung=2)
    [item] = [i for i in readiness_of(where, now=database_now()) if i.key == "poll.open"]
    assert item.detail == "Not answered: Mqtt Broker."
    assert not item.blocks


def test_the_poll_is_a_persons_word_from_preflight_on(cast: Cast) -> None:
    where, _ = opened(cast)
    mine = Participation.objects.get(exercise=where)
    with pytest.raises(NotAllowed):
        answer_poll(actor=cast.actor("owner", Door.API), participation=mine, is_go=True)
    with pytest.raises(NotAllowed):
        answer_poll(actor=cast.actor("author"), participation=mine, is_go=True)
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.APPROVE.value)
    with pytest.raises(Conflict):
        answer_poll(actor=cast.actor("owner"), participation=mine, is_go=True)


def test_the_on_call_acknowledges_from_one_hour_before(cast: Cast, as_person: Person) -> None:
    where, _ = opened(cast)
    mine = Participation.objects.get(exercise=where)
    Participation.objects.update(acknowledged_at=None)
    Exercise.objects.update(starts_at=database_now() + timedelta(minutes=61))
    with pytest.raises(Refused, match="too early"):
        acknowledge(actor=cast.actor("operator"), participation=mine)
    Exercise.objects.update(starts_at=database_now() + timedelta(minutes=59))
    url = f"/exercises/{where.slug}/poll/"
    operator = as_person("operator")
    assert "I am on call and there" in operator.get(url).content.decode()
    operator.post(f"{url}on-call/", {"participation": mine.pk})
    mine.refresh_from_db()
    assert mine.acknowledged_by == cast.operator
    assert as_person("author").post(f"{url}on-call/", {"participation": mine.pk}).status_code == 403


def test_another_on_call_has_not_acknowledged(cast: Cast) -> None:
    where, _ = opened(cast)
    mine = Participation.objects.get(exercise=where)
    answer_invitation(
        actor=cast.actor("owner"), participation=mine, answer="accepted", on_call="Team Author"
    )
    mine.refresh_from_db()
    assert mine.on_call_person == cast.author
    assert mine.acknowledged_at is None
    blocked = [i for i in readiness_of(where, now=database_now()) if i.blocks]
    assert [item.key for item in blocked] == ["preflight.failed"]
    assert "On-call has acknowledged" in blocked[0].detail
    acknowledge(actor=cast.actor("author"), participation=mine)
    assert not [i for i in readiness_of(where, now=database_now()) if i.blocks]
