"""The demo opens with a past to read and an edition to say Go in, however often it starts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from exercises.domain.actors import Door
from exercises.domain.desired_state import MAX_FILE_BYTES
from exercises.domain.exercise_phases import Phase
from exercises.domain.yaml_text import read_yaml, write_yaml
from exercises.management.demo import drill
from exercises.management.demo.people import LEAD, PEOPLE, SAFETY
from exercises.models import (
    AuditEntry,
    Exercise,
    Experiment,
    Finding,
    GameDay,
    Run,
    RunEvent,
    Sample,
    TemplateVersion,
    User,
)
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.queries.desired_state import whole_state
from exercises.queries.game_ledger import ledger_of, standings_now
from exercises.queries.ladder import ladder_problem
from exercises.queries.readiness import readiness_of
from exercises.services.audit_verification import verify
from exercises.services.desired_state import apply_file
from exercises.services.found import probe_row
from exercises.services.go_live import confirm_go, say_go
from exercises.services.judge import judgement_of
from tests.demo.conftest import demo_data

pytestmark = pytest.mark.django_db

TABLES = (User, Exercise, Experiment, Finding, Run, RunEvent, Sample, TemplateVersion, AuditEntry)


def todays():
    return Exercise.objects.filter(
        programme__isnull=False, kind="itee", is_imported=False, schedule__isnull=True
    )


def drills():
    return Exercise.objects.filter(name__startswith=drill.NAME)


def test_only_the_demo_invents_people(settings):
    settings.CHAOSPLANE_ENV = "production"
    with pytest.raises(CommandError, match="CHAOSPLANE_ENV=demo"):
        call_command("demo_data")


def test_everyone_is_told_how_to_sign_in(seeded):
    for person in PEOPLE:
        assert person.email in seeded
    assert not any(user.has_usable_password() for user in User.objects.all())


def two_say_go(exercise):
    lead, officer = (actor_for(User.objects.get(name=name), Door.PAGE) for name in (LEAD, SAFETY))
    say_go(actor=lead, exercise=exercise, session="of the lead")
    return confirm_go(
        actor=officer, exercise=exercise, code=exercise.code, session="of the officer"
    )


def test_go_can_be_said_once_the_rehearsals_have_ended(rehearsed):
    opened = rehearsed
    assert opened.phase == Phase.PREFLIGHT.value
    Exercise.objects.filter(pk=opened.pk).update(starts_at=database_now())
    opened.refresh_from_db()
    open_items = [item for item in readiness_of(opened, now=database_now()) if item.blocks]
    assert open_items == []
    assert two_say_go(opened).phase == Phase.LIVE.value
    assert Run.objects.filter(experiment__exercise=opened, is_rehearsal=False).count() == 2


def test_every_proposed_experiment_passes_its_checks(opened):
    for experiment in opened.experiments.filter(status="proposed"):
        failed = experiment.preflight_checks.filter(status="fail")
        assert [(check.key, check.message) for check in failed] == []
        assert experiment.runs.filter(is_rehearsal=True).count() == 1


def test_a_second_start_changes_nothing(opened):
    before = [model.objects.count() for model in TABLES]
    demo_data()
    assert [model.objects.count() for model in TABLES] == before


def test_a_start_after_the_edition_is_over_opens_another_and_only_one(opened):
    Exercise.objects.filter(pk=opened.pk).update(
        starts_at=database_now() - timedelta(hours=13), ends_at=database_now()
    )
    demo_data()
    [fresh] = todays().exclude(phase=Phase.CANCELLED.value)
    assert fresh.pk != opened.pk
    assert fresh.phase == Phase.PREFLIGHT.value
    assert "second window" in fresh.name


def test_what_an_earlier_visit_left_live_is_stopped_before_another_opens(rehearsed):
    opened = rehearsed
    Exercise.objects.filter(pk=opened.pk).update(starts_at=database_now())
    opened.refresh_from_db()
    two_say_go(opened)
    demo_data()
    assert todays().count() == 2
    assert (
        not Run.objects.unfinished()
        .filter(experiment__exercise=opened, stop_requested_at__isnull=True)
        .exclude(is_rehearsal=True)
    )


def test_the_past_is_marked_as_imported(opened):
    past = Exercise.objects.filter(is_imported=True)
    assert past.count() == 6
    assert not Run.objects.filter(experiment__exercise__in=past, is_imported=False).exists()
    assert not Finding.objects.filter(exercise__in=past, is_imported=False).exists()
    assert not Run.objects.watched().filter(experiment__exercise__in=past).exists()


def test_last_months_run_split_the_brain_and_its_finding_is_open(opened):
    finding = Finding.objects.get(application__slug="mqtt-broker", is_imported=True)
    assert finding.state == "accepted"
    assert finding.owner is not None
    assert {"clusters", "delivered"} <= {row["key"] for row in finding.evidence["probes"]}
    assert finding.run is not None
    assert finding.run.verdict == "not_held"
    assert finding.exercise == Exercise.objects.filter(is_imported=True).latest("starts_at")


def test_every_verdict_of_the_past_comes_out_again_from_the_stored_samples(opened, settings):
    settings.CHAOSPLANE_TIME_SPEED = 60
    past = Run.objects.filter(is_imported=True).select_related("revision", "experiment__exercise")
    assert past
    for run in past:
        assert run.settle_until is not None
        again = judgement_of(run, now=run.settle_until)
        assert (again.verdict, again.reason) == (run.verdict, run.verdict_reason)
        assert [probe_row(probe) for probe in again.probes] == run.judgement["probes"]


def test_verdicts_follow_from_the_readings(opened):
    verdicts = set(Run.objects.filter(is_imported=True).values_list("verdict", flat=True))
    assert verdicts == {"held", "not_held", "inconclusive"}
    fallen = Run.objects.filter(is_imported=True, verdict="not_held")
    assert all(run.findings.exists() for run in fallen)
    held = Run.objects.filter(is_imported=True, verdict="held")
    assert not any(run.findings.exists() for run in held)


def test_a_finding_is_verified_only_by_a_later_run_that_held(opened):
    verified = Finding.objects.filter(is_imported=True, state="verified")
    assert verified.count() == 2
    for finding in verified:
        assert finding.verified_by_run is not None
        assert finding.run is not None
        assert finding.verified_by_run.verdict == "held"
        started, ended = finding.verified_by_run.started_at, finding.run.ended_at
        assert started is not None
        assert ended is not None
        assert started > ended


def test_nothing_in_the_past_lies_in_the_future(opened):
    now = database_now()
    for exercise in Exercise.objects.filter(is_imported=True):
        assert exercise.ended_at is not None
        assert exercise.ended_at < now
        assert all(event.at <= now for event in exercise.events.all())
        for finding in exercise.findings.all():
            assert all(note.at <= now for note in finding.notes.all())


def test_the_schedule_creates_what_comes_next(opened):
    coming = Exercise.objects.filter(schedule__isnull=False)
    assert coming.count() >= 1
    assert all(exercise.participations.exists() for exercise in coming)


def test_the_audit_trail_is_whole(opened):
    assert verify().is_whole


def test_last_months_game_day_is_scored_from_its_own_runs(opened):
    played = GameDay.objects.get(exercise__is_imported=True)
    runs = Run.objects.filter(experiment__exercise=played.exercise)
    measured = played.ledger.filter(kind="availability")
    assert {run for entry in measured for run in entry.details["runs"]} == {
        str(run.pk) for run in runs
    }
    assert all(entry.window_ms > 0 for entry in measured)
    final = played.finals.get()
    assert final.standings == standings_now(ledger_of(played))
    assert [row["rank"] for row in final.standings] == [1, 2, 3]


def test_a_game_day_is_ahead_with_its_rounds_and_teams(opened):
    ahead = GameDay.objects.get(exercise__starts_at__gt=database_now())
    assert ahead.exercise.kind == "game_day"
    assert (ahead.rounds.count(), ahead.ledger.filter(kind="joined").count()) == (3, 4)


def test_all_of_it_applied_again_as_a_file_changes_nothing(seeded):
    lead = actor_for(User.objects.get(name=LEAD), Door.PAGE)
    exported = whole_state()
    assert all(exported[kind] for kind in ("templates", "applications", "schedules"))
    written = write_yaml(exported).encode()
    document = read_yaml(written, max_bytes=MAX_FILE_BYTES)
    assert document == exported
    steps = apply_file(actor=lead, document=document, is_plan=False)
    assert [step for step in steps if step.is_due] == []


def test_the_drill_has_an_experiment_for_every_world_and_waits_for_approvals(opened):
    [exercise] = drills()
    assert exercise.phase == Phase.APPROVE.value
    assert exercise.experiments.filter(status="proposed").count() == len(drill.EXPERIMENTS)
    tried = set(exercise.experiments.values_list("application__slug", flat=True))
    assert tried == {"build-platform", "content-moderation", "media-search", "charging-sessions"}
    problems = [ladder_problem(each, now=database_now()) for each in exercise.experiments.all()]
    assert set(problems) == {""}


def test_a_drill_whose_window_has_passed_gives_way_to_another(opened):
    drills().update(starts_at=database_now() - timedelta(hours=13), ends_at=database_now())
    demo_data()
    assert sorted(drills().values_list("phase", flat=True)) == ["approve", "cancelled"]
