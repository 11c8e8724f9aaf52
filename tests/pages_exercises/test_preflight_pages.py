"""Pre-flight from the page: real questions to the simulated AWS, nothing injected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.test import Client

from exercises.domain.preflight_checks import CHECKS
from exercises.domain.run_states import RunState
from exercises.models import PreflightCheck, Run
from exercises.models.due_work import database_now
from exercises.queries.readiness import readiness_of
from exercises.services.preflight import run_check, run_preflight
from exercises.services.run_events import move_run
from tests import build
from tests.cast import Cast
from tests.drive import work_off

if TYPE_CHECKING:
    from simulator.server import Simulator

Person = Callable[[str], Client]


def test_checks_resolve_the_targets_and_schedule_a_rehearsal(
    cast: Cast, as_person: Person, simulator: Simulator
) -> None:
    exercise = build.exercise(cast)
    experiment = build.proposed(cast, exercise)
    author = as_person("author")
    author.post(f"/exercises/{exercise.slug}/preflight/run/", {"experiment": experiment.pk})
    found = dict(experiment.preflight_checks.values_list("key", "status"))
    assert found["targets"] == "ok"
    assert found["role.stop"] == "ok"
    page = author.get(f"/exercises/{exercise.slug}/preflight/").content.decode()
    assert "1 resource of at most 3" in page
    assert "Rehearsal" in page
    assert Run.objects.get(experiment=experiment).is_rehearsal


def test_one_check_is_asked_again_and_the_others_keep_their_age(
    cast: Cast, as_person: Person, simulator: Simulator
) -> None:
    exercise = build.exercise(cast)
    experiment = build.proposed(cast, exercise)
    build.passed_preflight(experiment)
    before = dict(experiment.preflight_checks.values_list("key", "checked_at"))
    url = f"/exercises/{exercise.slug}/preflight/run/"
    author = as_person("author")
    author.post(url, {"experiment": experiment.pk, "check": "alarms"})
    after = dict(experiment.preflight_checks.values_list("key", "checked_at"))
    assert [key for key in before if before[key] != after[key]] == ["alarms"]
    assert author.post(url, {"experiment": experiment.pk, "check": "magic"}).status_code == 422
    assert experiment.preflight_checks.get(key="alarms").due_at is not None


def test_what_has_aged_out_is_shown_and_closes_go_until_it_is_asked_again(
    cast: Cast, as_person: Person, simulator: Simulator
) -> None:
    experiment = build.approved(cast)
    build.passed_preflight(experiment)
    check = experiment.preflight_checks.get(key="probes")
    PreflightCheck.objects.filter(pk=check.pk).update(
        checked_at=database_now() - timedelta(minutes=61), due_at=database_now()
    )
    page = as_person("lead").get(f"/exercises/{experiment.exercise.slug}/preflight/")
    assert "Too old to count" in page.content.decode()
    assert f"{len(CHECKS) - 1} of {len(CHECKS)}<" in page.content.decode()

    def in_the_way() -> str:
        items = readiness_of(experiment.exercise, now=database_now())
        return next(item.detail for item in items if item.key == "preflight.failed")

    assert "Probes are fresh: too old" in in_the_way()
    work_off()
    assert in_the_way() == ""


def test_the_rehearsal_is_compared_with_what_is_approved(cast: Cast, simulator: Simulator) -> None:
    experiment = build.approved(cast, target_cap=1)
    lead = cast.actor("lead")
    run_preflight(actor=lead, experiment=experiment)
    rehearsal = experiment.preflight_checks.get(key="rehearsal")
    assert (rehearsal.status, rehearsal.due_at is not None) == ("pending", True)
    run = Run.objects.get(experiment=experiment, is_rehearsal=True)
    for number in range(2):
        run.targets.create(target_name="x", resource_type="x", arn=f"arn:{number}")
    for state in (RunState.STARTING, RunState.RUNNING):
        run = move_run(run, state, text="", asked_at=database_now(), due_at=None)
    move_run(run, RunState.COMPLETED, text="", archive={"experiment": {}})
    run_check(actor=lead, experiment=experiment, key="rehearsal")
    rehearsal.refresh_from_db()
    assert (rehearsal.status, rehearsal.message) == ("fail", "2 of at most 1")
    run_check(actor=lead, experiment=experiment, key="rehearsal")
    assert Run.objects.filter(experiment=experiment, is_rehearsal=True).count() == 2


def test_all_checks_run_on_what_this_person_may_check(
    cast: Cast, as_person: Person, simulator: Simulator
) -> None:
    exercise = build.exercise(cast)
    build.proposed(cast, exercise)
    build.proposed(cast, exercise, title="Stop another broker")
    as_person("lead").post(f"/exercises/{exercise.slug}/preflight/run/")
    checked = PreflightCheck.objects.filter(key="targets").values_list("experiment", flat=True)
    assert set(checked) == set(exercise.experiments.values_list("pk", flat=True))


def test_a_script_asks_about_one_experiment_after_another(
    cast: Cast, as_person: Person, simulator: Simulator
) -> None:
    exercise = build.exercise(cast)
    first = build.proposed(cast, exercise)
    second = build.proposed(cast, exercise, title="Stop another broker", slot_offset_s=900)
    lead = as_person("lead")
    url = f"/exercises/{exercise.slug}/preflight/run/"
    script = {"HX-Request": "true"}

    started = lead.post(url, headers=script).content.decode()
    assert "Asking AWS, 1 of 2" in started
    assert not PreflightCheck.objects.exists()

    further = lead.post(url, {"step": "0"}, headers=script).content.decode()
    assert "Asking AWS, 2 of 2" in further
    assert f'id="check-{first.pk}"' in further
    assert f'id="check-{second.pk}"' not in further
    assert not second.preflight_checks.exists()

    ended = lead.post(url, {"step": "1"}, headers=script)
    assert ended["HX-Refresh"] == "true"
    assert second.preflight_checks.exists()
    page = lead.get(f"/exercises/{exercise.slug}/preflight/").content.decode()
    assert "Checked 2" in page


def test_another_team_does_not_run_the_checks(cast: Cast, as_person: Person) -> None:
    exercise = build.exercise(cast)
    experiment = build.proposed(cast, exercise)
    outsider = as_person("outsider")
    url = f"/exercises/{exercise.slug}/preflight/"
    assert "Run checks" not in outsider.get(url).content.decode()
    assert outsider.post(f"{url}run/", {"experiment": experiment.pk}).status_code == 403
    assert not PreflightCheck.objects.exists()


def test_an_answer_on_an_older_content_counts_no_more(cast: Cast, as_person: Person) -> None:
    from exercises.services.propose import edit_draft

    exercise = build.exercise(cast)
    experiment = build.proposed(cast, exercise)
    build.passed_preflight(experiment)
    edit_draft(
        actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast, target_cap=4)
    )
    page = as_person("author").get(f"/exercises/{exercise.slug}/preflight/").content.decode()
    assert "edited since it was checked" in page
    assert "out of date" in page


def test_go_needs_checks_of_the_present_content(cast: Cast) -> None:
    experiment = build.approved(cast)
    build.passed_preflight(experiment)

    def is_open() -> bool:
        items = readiness_of(experiment.exercise, now=database_now())
        return next(item.blocks for item in items if item.key == "preflight.failed")

    assert not is_open()
    PreflightCheck.objects.update(digest="of an older revision")
    assert is_open()
