"""Stop from the pages: one question, no script, for everyone who sees the exercise."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.run_states import RunState
from exercises.models import Run, RunEvent
from exercises.services.run_events import append_event, move_run
from tests import build
from tests.cast import Cast
from tests.room import scene


@pytest.fixture
def watcher(client: Client, cast: Cast) -> Client:
    """Somebody of another team who only watches."""
    client.force_login(cast.outsider)
    return client


def test_stop_asks_once_before_it_stops(watcher: Client, cast: Cast) -> None:
    exercise, run = build.live(cast)
    url = reverse("stop_exercise", args=[exercise.slug])
    for question in (watcher.get(url), watcher.post(url)):
        assert question.status_code == 200
        assert run.experiment.title in question.content.decode()
    run.refresh_from_db()
    assert run.stop_requested_at is None


def test_anyone_who_sees_the_exercise_stops_it_and_is_brought_to_its_room(
    watcher: Client, cast: Cast
) -> None:
    exercise, run = build.live(cast)
    done = watcher.post(reverse("stop_exercise", args=[exercise.slug]), {"confirm": "1"})
    assert done.status_code == 302
    assert done["Location"] == reverse("live_room", args=[exercise.slug]) + "#stop"
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED.value
    page = watcher.get(done["Location"]).content.decode()
    assert "requested at" in page
    assert cast.outsider.name in page
    assert 'id="stop-all-b" aria-disabled="true"' in page


def test_stopping_twice_is_stopping_once(watcher: Client, cast: Cast) -> None:
    exercise, _ = build.live(cast)
    url = reverse("stop_exercise", args=[exercise.slug])
    for _ in range(2):
        assert watcher.post(url, {"confirm": "1"}).status_code == 302
    assert RunEvent.objects.filter(kind="run.cancelled").count() == 1


def test_one_run_is_stopped_alone(watcher: Client, cast: Cast) -> None:
    exercise, run = build.live(cast)
    url = reverse("stop_run", args=[run.pk])
    assert "Stop one broker" in watcher.get(url).content.decode()
    assert watcher.post(url, {"confirm": "1"}).status_code == 302
    assert Run.objects.get(pk=run.pk).stop_requested_at is not None
    exercise.refresh_from_db()
    assert exercise.stopped_at is None


def test_stop_has_a_page_short_enough_for_any_phone(watcher: Client, cast: Cast) -> None:
    assert "Nothing is live" in watcher.get("/stop/").content.decode()
    exercise, _ = scene.running(cast)
    page = watcher.get("/stop/").content.decode()
    assert exercise.name in page
    assert "1 running" in page
    assert page.count(reverse("stop_exercise", args=[exercise.slug])) == 1


def test_the_strip_is_on_every_page_while_something_is_live(watcher: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=70.0, clusters=1)
    page = watcher.get(reverse("exercise_list")).content.decode()
    assert "1 running, 1 outside steady state" in page
    assert reverse("stop_exercise", args=[exercise.slug]) in page


def test_only_steps_that_were_seen_are_shown_as_done(watcher: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    Run.objects.filter(pk=run.pk).update(
        stop_requested_at=run.started_at, stop_requested_by=cast.operator
    )
    run = move_run(run, RunState.STOPPING, text="Stopping.")
    append_event(exercise=exercise, run=run, kind="stop.accepted", text="AWS accepted the stop.")
    page = watcher.get(reverse("live_room", args=[exercise.slug])).content.decode()
    assert "1 of 2 nodes still down" in page
    assert page.count("i-okc") >= 1
    assert ">waiting<" in page


def test_a_stop_that_aws_did_not_take_says_so(watcher: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    Run.objects.filter(pk=run.pk).update(stop_requested_at=run.started_at)
    append_event(
        exercise=exercise, run=run, kind="stop.failed", text="AWS did not take the stop yet."
    )
    page = watcher.get(reverse("live_room", args=[exercise.slug])).content.decode()
    assert "AWS did not take the stop yet." in page
    assert "asking AWS" in page
