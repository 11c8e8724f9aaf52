"""The first page: what runs, what needs this person, what comes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.test import Client

from exercises.domain.exercise_phases import Phase
from exercises.domain.finding_states import FindingState
from exercises.domain.run_states import RunState
from exercises.models import Finding, FreezeWindow, PreflightCheck, Run
from exercises.models.due_work import database_now
from exercises.queries.home import home_of
from exercises.queries.inbox import waiting, waiting_count
from exercises.services.exercises import invite
from tests import build
from tests.cast import Cast

Person = Callable[[str], Client]


def test_the_first_page_is_there_before_anything_else_is(as_person: Person) -> None:
    page = as_person("author").get("/")
    assert page.status_code == 200
    text = page.content.decode()
    for words in ("Nothing is running", "Nothing waits for you", "None is planned"):
        assert words in text


def test_an_experiment_waits_for_whoever_holds_a_missing_capacity(cast: Cast) -> None:
    experiment = build.proposed(cast)
    now = database_now()
    found = {
        name: [item.capacity.value for item in waiting(cast.actor(name), now=now)]
        for name in ("owner", "lead", "safety", "author", "outsider", "auditor")
    }
    assert found == {
        "owner": ["service_owner"],
        "lead": ["programme_lead"],
        "safety": [],
        "author": [],
        "outsider": [],
        "auditor": [],
    }
    build.approve(cast, experiment, "owner")
    assert waiting_count(cast.actor("owner"), now=now) == 0
    assert waiting_count(cast.actor("lead"), now=now) == 1


def test_nothing_waits_for_who_wrote_it(cast: Cast) -> None:
    from exercises.services.propose import propose, start_draft

    owner = cast.actor("owner")
    experiment = start_draft(actor=owner, draft=build.draft(cast), exercise=build.exercise(cast))
    propose(actor=owner, experiment=experiment)
    assert waiting_count(owner, now=database_now()) == 0


def test_nothing_waits_once_the_exercise_is_over(cast: Cast) -> None:
    experiment = build.proposed(cast)
    later = experiment.exercise.ends_at + timedelta(seconds=1)
    assert waiting_count(cast.actor("owner"), now=later) == 0


def test_invitations_and_failed_checks_reach_the_team(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast, phase=Phase.JOIN)
    build.proposed(cast, exercise)
    other = build.deployment(cast, slug="ota-updates").application
    invite(actor=cast.actor("lead"), exercise=exercise, applications=[other])
    build.passed_preflight(exercise.experiments.get())
    PreflightCheck.objects.update(status="fail", message="3 of at most 2")
    text = as_person("operator").get("/").content.decode()
    assert "Answer the invitation for Ota Updates" in text
    assert "Pre-flight failed for “Stop one broker”" in text
    assert "3 of at most 2" in text
    stranger = as_person("outsider").get("/").content.decode()
    assert "Answer the invitation" not in stranger
    assert "Pre-flight failed" not in stranger


def test_a_drafted_finding_needs_its_team_until_it_is_accepted(
    cast: Cast, as_person: Person
) -> None:
    experiment = build.proposed(cast)
    finding = Finding.objects.create(
        exercise=experiment.exercise,
        application=experiment.application,
        title="Messages are lost while brokers restart",
        failure_family="instance-loss",
        created_at=database_now(),
    )
    words = f"Accept or edit {finding.code}"
    assert words in as_person("author").get("/").content.decode()
    assert words not in as_person("outsider").get("/").content.decode()
    Finding.objects.filter(pk=finding.pk).update(state=FindingState.FOUND.value)
    assert words not in as_person("author").get("/").content.decode()


def test_a_check_on_an_older_content_is_no_news(cast: Cast) -> None:
    experiment = build.proposed(cast)
    build.passed_preflight(experiment)
    PreflightCheck.objects.update(status="fail", digest="of an older revision")
    assert home_of(cast.actor("author"), now=database_now()).failed_checks == ()


def test_what_runs_has_its_stop_on_the_first_page(cast: Cast, as_person: Person) -> None:
    _, run = build.live(cast)
    now = database_now()
    Run.objects.filter(pk=run.pk).update(state=RunState.STARTING.value)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING.value, started_at=now - timedelta(seconds=90), experiment_ref="EXPx"
    )
    text = as_person("outsider").get("/").content.decode()
    assert "Stop one broker" in text
    assert f"/runs/{run.pk}/stop/" in text
    assert "Not measured yet" in text


def test_coming_up_holds_exercises_and_freezes_in_order(cast: Cast) -> None:
    now = database_now()
    later = build.exercise(cast, slug="later", opens_in=timedelta(days=9))
    sooner = build.exercise(cast, slug="sooner", opens_in=timedelta(days=2))
    freeze = FreezeWindow.objects.create(
        name="Year end", starts_at=now + timedelta(days=5), ends_at=now + timedelta(days=6)
    )
    FreezeWindow.objects.create(
        name="Lifted",
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=2),
        lifted_at=now,
    )
    found = home_of(cast.actor("author"), now=now)
    assert [line.exercise or line.freeze for line in found.coming_up] == [sooner, freeze, later]
    assert found.next is not None
    assert found.next.exercise == sooner


def test_the_numbers_count_runs_and_leave_out_what_said_nothing(cast: Cast) -> None:
    now = database_now()
    _, run = build.live(cast)
    for verdict, days in (("held", 1), ("not_held", 2), ("inconclusive", 3), ("held", 100)):
        _past_run(run, verdict, now - timedelta(days=days))
    programme = home_of(cast.actor("author"), now=now).programme
    assert programme.runs.total == 3
    assert programme.applications == 1
    assert (programme.held, programme.judged, programme.held_percent) == (1, 2, 50)


def _past_run(run: Run, verdict: str, at: datetime) -> Run:
    return Run.objects.create(
        experiment=run.experiment,
        revision=run.revision,
        token=f"{verdict} {at}",
        scheduled_at=at,
        started_at=at,
        state=RunState.COMPLETED.value,
        verdict=verdict,
        is_imported=True,
    )


def test_an_open_window_waits_for_the_go_of_its_lead_alone(cast: Cast) -> None:
    now = database_now() + timedelta(minutes=1)
    build.exercise(cast, slug="open", phase=Phase.PREFLIGHT)
    build.exercise(cast, slug="not-checked", phase=Phase.APPROVE)
    build.exercise(cast, slug="later", phase=Phase.PREFLIGHT, opens_in=timedelta(days=1))
    assert [e.slug for e in home_of(cast.actor("lead"), now=now).to_start] == ["open"]
    assert home_of(cast.actor("safety"), now=now).to_start == ()
