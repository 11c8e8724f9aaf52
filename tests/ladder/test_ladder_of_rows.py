"""The ladder as rows tell it, and what it does to a start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.domain.finding_states import FindingState
from exercises.domain.ladder import Level
from exercises.models import Deployment, Experiment, Finding, LadderOverride, MentorSignOff, Run
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.ladder import evidences, ladder_answer, overrides_in
from exercises.queries.mentors import mentors_for
from exercises.queries.policy_checks import policy_checks
from exercises.queries.start_gate import refusals
from exercises.services.mentoring import (
    answer_mentor_request,
    ask_mentor,
    override_ladder,
    sign_off,
)
from tests import build, past
from tests.cast import Cast

pytestmark = pytest.mark.django_db
FAMILY = "instance-loss"


def level(application: Any, family: str = FAMILY) -> Level:
    return evidences([application.pk], now=database_now()).ladder(application.pk, family).level


def test_held_runs_before_production_open_production_with_a_mentor(cast: Cast) -> None:
    where, what = past.application(cast.team, "ingest"), past.version()
    past.run(cast, where, what, environment="pre-production")
    assert level(where) is Level.TRIED
    past.run(cast, where, what, environment="pre-production")
    ladder = evidences([where.pk], now=database_now()).ladder(where.pk, FAMILY)
    assert ladder.needs_sign_off
    assert not ladder.step(Level.TRIED_ZONE).is_offered


def test_rehearsals_and_other_applications_prove_nothing(cast: Cast) -> None:
    where, other = past.application(cast.team, "ingest"), past.application(cast.team, "store")
    what = past.version()
    for _ in range(2):
        rehearsal = past.run(cast, where, what, environment="pre-production")
        Run.objects.filter(pk=rehearsal.pk).update(is_rehearsal=True)
        past.run(cast, other, what, environment="pre-production")
    assert not evidences([where.pk], now=database_now()).runs


def test_parts_speak_for_a_zone(cast: Cast) -> None:
    where = past.application(cast.team, "ingest")
    past.version("az-power", rung=3)
    past.run(cast, where, past.version())
    assert level(where, "az-power") is Level.TRIED
    past.run(cast, where, past.version("network-loss", rung=2))
    assert level(where, "az-power") is Level.PRODUCTION_ZONE


def test_an_overdue_high_finding_takes_the_level_away(cast: Cast) -> None:
    where, what = past.application(cast.team, "ingest"), past.version()
    runs = [past.run(cast, where, what) for _ in range(2)]
    assert level(where) is Level.PRODUCTION
    finding = Finding.objects.create(
        exercise=runs[0].experiment.exercise,
        application=where,
        title="Slow",
        severity=3,
        failure_family=FAMILY,
        state=FindingState.ACCEPTED.value,
        due_on=database_now().date() - timedelta(days=1),
        created_at=database_now(),
    )
    assert level(where) is Level.TRIED
    finding.due_on = database_now().date()
    finding.save(update_fields=["due_on"])
    assert level(where) is Level.PRODUCTION


def newcomer(cast: Cast, *, environment: str = "production") -> Deployment:
    """An application without a past and without an override."""
    where = past.application(cast.team, "mqtt-broker")
    return past.deployed(where, environment=environment)


def test_no_start_in_production_without_the_level(cast: Cast) -> None:
    _, run = build.live(cast, deployment=newcomer(cast))
    now = database_now()
    refused = {r.rule: r for r in refusals(run, now=now, target_count=None)}
    assert "mentor" in refused["ladder.level"].because
    override_ladder(
        actor=cast.actor("lead"),
        application=run.experiment.application,
        family=FAMILY,
        level=4,
        reason="There is nobody to learn from yet.",
        valid_until=now + timedelta(days=1),
    )
    assert "ladder.level" not in {r.rule for r in refusals(run, now=now, target_count=None)}


def test_the_proposal_says_that_the_level_is_missing(cast: Cast) -> None:
    experiment = build.proposed(cast, deployment=newcomer(cast))
    checks = policy_checks(experiment, now=database_now())
    check = next(c for c in checks if "ladder" in c.label)
    assert check.status == "fail"


def test_before_production_the_ladder_only_warns(cast: Cast) -> None:
    past.version(rung=1)
    where = newcomer(cast, environment="pre-production")
    experiment = build.proposed(
        cast, deployment=where, template_version=build.template_version(rung=3)
    )
    assert ladder_answer(experiment, now=database_now()).status == "warn"


def mentored(cast: Cast) -> Experiment:
    """A first experiment in production with all evidence but a mentor's word; the other team
    has been there."""
    what = build.template_version()
    experiment = build.proposed(cast, deployment=newcomer(cast), template_version=what)
    for _ in range(2):
        past.run(cast, experiment.application, what, environment="pre-production")
        past.run(cast, past_mentor(cast), what)
    return experiment


def past_mentor(cast: Cast) -> Any:
    found = cast.other_team.applications.first()
    return found or past.application(cast.other_team, "sessions")


def test_a_mentor_of_a_team_further_on_signs_the_first_run_off(cast: Cast) -> None:
    experiment = mentored(cast)
    now = database_now()
    assert [m.team for m in mentors_for(experiment.application, FAMILY, now=now)] == [
        cast.other_team
    ]
    assert ladder_answer(experiment, now=now).status == "fail"
    assert experiment.revision
    signed = sign_off(
        actor=cast.actor("outsider"),
        experiment=experiment,
        digest_seen=experiment.revision.digest,
        note="Looked at the alarms with the team.",
    )
    assert signed.mentor_team == cast.other_team
    assert ladder_answer(experiment, now=database_now()).status == "ok"
    with pytest.raises(NotAllowed):
        sign_off(
            actor=cast.actor("outsider"),
            experiment=experiment,
            digest_seen=experiment.revision.digest,
        )


@pytest.mark.parametrize("name", ["owner", "author", "lead", "safety"])
def test_nobody_else_signs_off(cast: Cast, name: str) -> None:
    experiment = mentored(cast)
    assert experiment.revision
    with pytest.raises(NotAllowed):
        sign_off(
            actor=cast.actor(name), experiment=experiment, digest_seen=experiment.revision.digest
        )
    assert not MentorSignOff.objects.exists()


def test_who_is_no_further_on_is_no_mentor(cast: Cast) -> None:
    experiment = build.proposed(cast, deployment=newcomer(cast))
    assert experiment.revision
    with pytest.raises(NotAllowed, match="further on"):
        sign_off(
            actor=cast.actor("outsider"),
            experiment=experiment,
            digest_seen=experiment.revision.digest,
        )


def test_a_sign_off_is_for_what_was_read(cast: Cast) -> None:
    experiment = mentored(cast)
    with pytest.raises(Conflict, match="changed since"):
        sign_off(actor=cast.actor("outsider"), experiment=experiment, digest_seen="another")


def test_sign_offs_and_overrides_are_history(cast: Cast) -> None:
    experiment = build.proposed(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        LadderOverride.objects.filter(application=experiment.application).update(level=2)


def test_a_mentor_is_asked_once_and_answers_with_a_reason(cast: Cast) -> None:
    experiment = mentored(cast)
    ask: dict[str, Any] = {
        "application": experiment.application,
        "family": FAMILY,
        "mentor": cast.outsider,
    }
    with pytest.raises(NotAllowed):
        ask_mentor(actor=cast.actor("lead"), **ask)
    with pytest.raises(Invalid, match="further on"):
        ask_mentor(actor=cast.actor("author"), **(ask | {"mentor": cast.safety}))
    request = ask_mentor(actor=cast.actor("author"), **ask)
    with pytest.raises(Conflict):
        ask_mentor(actor=cast.actor("author"), **ask)
    with pytest.raises(NotAllowed):
        answer_mentor_request(actor=cast.actor("owner"), request=request, answer="accepted")
    mentor = cast.actor("outsider")
    with pytest.raises(Invalid, match="say why"):
        answer_mentor_request(actor=mentor, request=request, answer="declined")
    answer_mentor_request(actor=mentor, request=request, answer="declined", reason="On leave")
    with pytest.raises(Conflict):
        answer_mentor_request(actor=mentor, request=request, answer="accepted")
    ask_mentor(actor=cast.actor("author"), **ask)


def test_an_override_needs_a_lead_of_another_team_a_reason_and_an_end(cast: Cast) -> None:
    experiment = mentored(cast)
    now = database_now()
    asked: dict[str, Any] = {
        "application": experiment.application,
        "family": FAMILY,
        "level": 4,
        "reason": "First application with this failure.",
        "valid_until": now + timedelta(days=30),
    }
    with pytest.raises(NotAllowed):
        override_ladder(actor=cast.actor("owner"), **asked)
    wrong = asked | {"level": 7, "reason": "so", "valid_until": now + timedelta(days=91)}
    with pytest.raises(Invalid) as error:
        override_ladder(actor=cast.actor("lead"), **wrong)
    assert {field for field, _ in error.value.problems} == {"level", "reason", "valid_until"}
    override_ladder(actor=cast.actor("lead"), **asked)
    answer = ladder_answer(experiment, now=database_now())
    assert answer.status == "warn"
    assert "First application" in answer.detail
    assert [o.reason for o in overrides_in(experiment.exercise)] == [asked["reason"]]


def test_a_lead_does_not_override_for_the_own_team(cast: Cast) -> None:
    where = past.application(cast.team, "ingest")
    assert may(cast.actor("lead"), "ladder.override", where)
    cast.team.memberships.create(user=cast.lead, role="member")
    assert not may(cast.actor("lead"), "ladder.override", where)


def test_many_applications_take_as_many_queries_as_one(cast: Cast) -> None:
    what = past.version()
    one = [past.application(cast.team, "one")]
    past.run(cast, one[0], what)
    with CaptureQueriesContext(
        connection,
    ) as few:
        evidences([one[0].pk], now=database_now()).of(one[0])
    many = [*one, *(past.application(cast.team, f"app-{n}") for n in range(5))]
    for each in many:
        past.run(cast, each, what)
    with CaptureQueriesContext(connection) as more:
        known = evidences([each.pk for each in many], now=database_now())
        for each in many:
            known.of(each)
    assert len(more) == len(few)
