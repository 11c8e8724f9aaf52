"""What a stop holds back is let go of by people: a lever by two, a schedule by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from exercises.aws.safety_lever import lever_status
from exercises.domain.errors import NotAllowed, Refused
from exercises.models import Exercise, Programme, Run, SafetyLever, Schedule
from exercises.models.due_work import database_now
from exercises.queries.start_gate import refusals
from exercises.services.release import release_lever, resume_schedule
from exercises.services.stop import stop_all, stop_region, stop_run
from tests import build
from tests.cast import Cast

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def lever(cast: Cast, estate: Simulator) -> SafetyLever:
    place = build.account()
    stop_region(actor=cast.actor("operator"), place=place, reason="fire")
    return place.levers.get()


def test_a_lever_is_released_by_two_people(cast: Cast, lever: SafetyLever) -> None:
    access = lever.place.access
    assert lever_status(access) == "engaged"
    release_lever(actor=cast.actor("lead"), lever=lever)
    with pytest.raises(Refused, match="Two people"):
        release_lever(actor=cast.actor("lead"), lever=lever)
    assert lever_status(access) == "engaged"
    done = release_lever(actor=cast.actor("safety"), lever=lever)
    assert (done.release_asked_by, done.released_by) == (cast.lead, cast.safety)
    assert lever_status(access) == "disengaged"
    assert release_lever(actor=cast.actor("lead"), lever=lever).released_by == cast.safety


def test_operators_pull_a_lever_and_do_not_release_it(cast: Cast, lever: SafetyLever) -> None:
    with pytest.raises(NotAllowed):
        release_lever(actor=cast.actor("operator"), lever=lever)
    with pytest.raises(NotAllowed):
        stop_region(actor=cast.actor("author"), place=lever.place)


def test_nothing_starts_while_a_lever_is_engaged(cast: Cast, lever: SafetyLever) -> None:
    _, run = build.live(cast, slot_offset_s=0)
    rules = {each.rule for each in refusals(run, now=database_now(), target_count=1)}
    assert "stop.lever" in rules


def on_schedule(cast: Cast) -> tuple[Exercise, Run, Schedule]:
    """A live exercise that a schedule has made, and its run that waits."""
    programme = Programme.objects.create(
        slug="itee", name="Cloud ITEE", lead=cast.lead, safety_officer=cast.safety
    )
    schedule = Schedule.objects.create(
        slug=programme.slug,
        programme=programme,
        rrule="FREQ=MONTHLY",
        timezone="Europe/Berlin",
        local_start="2026-11-25T10:00:00",
        duration_s=3600,
        region=build.REGION,
        due_at=database_now(),
    )
    exercise, run = build.live(cast, slot_offset_s=600)
    exercise.schedule, exercise.occurrence_key = schedule, "2026-11-25T10:00"
    exercise.programme = programme
    exercise.save(update_fields=["schedule", "occurrence_key", "programme"])
    return exercise, run, schedule


@pytest.mark.parametrize("what", ["exercise", "run"])
def test_a_stop_suspends_the_schedule_until_a_person_resumes_it(cast: Cast, what: str) -> None:
    exercise, run, schedule = on_schedule(cast)
    if what == "exercise":
        stop_all(actor=cast.actor("author"), exercise=exercise)
    else:
        stop_run(actor=cast.actor("author"), run=run)
    schedule.refresh_from_db()
    assert schedule.is_suspended
    assert (schedule.suspended_by_name, schedule.suspended_at is None) == (cast.author.name, False)
    with pytest.raises(NotAllowed):
        resume_schedule(actor=cast.actor("author"), schedule=schedule)
    resume_schedule(actor=cast.actor("safety"), schedule=schedule)
    resumed = Schedule.objects.get(pk=schedule.pk)
    assert not resumed.is_suspended
    assert (resumed.suspended_by_name, resumed.suspended_at) == ("", None)


def test_the_exercise_says_who_suspended_its_schedule_and_lets_it_be_resumed(
    client: Client, cast: Cast
) -> None:
    exercise, run, schedule = on_schedule(cast)
    page = f"/exercises/{exercise.slug}/"
    client.force_login(cast.author)
    assert "Schedule suspended" not in client.get(page).content.decode()
    stop_run(actor=cast.actor("operator"), run=run)
    seen = client.get(page).content.decode()
    assert f"Schedule suspended by {cast.operator.name}" in seen
    assert ">Resume<" not in seen
    client.force_login(cast.safety)
    assert ">Resume<" in client.get(page).content.decode()
    url = reverse("resume_schedule", args=["itee"])
    assert client.post(url, {"exercise": exercise.slug})["Location"] == page
    schedule.refresh_from_db()
    assert not schedule.is_suspended


def test_the_stop_page_shows_what_is_held_and_lets_two_people_release_it(
    client: Client, cast: Cast, lever: SafetyLever
) -> None:
    url = reverse("release_lever", args=[lever.pk])
    for person, button in ((cast.lead, "Ask for the release"), (cast.safety, "Release<")):
        client.force_login(person)
        assert button in client.get("/stop/").content.decode()
        assert client.post(url).status_code == 302
    lever.refresh_from_db()
    assert lever.released_by == cast.safety
    assert "safety lever of" not in client.get("/stop/").content.decode()


def test_a_whole_account_is_stopped_from_a_page_that_asks_once(
    client: Client, cast: Cast, estate: Simulator
) -> None:
    place = build.account()
    url = reverse("stop_account", args=[place.account.account_id, place.region])
    client.force_login(cast.author)
    assert client.get(url).status_code == 403
    client.force_login(cast.operator)
    assert url in client.get("/stop/").content.decode()
    assert "also those of others" in client.get(url).content.decode()
    assert not place.levers.exists()
    assert client.post(url, {"confirm": "1", "reason": "fire"}).status_code == 302
    assert place.levers.get().reason == "fire"
