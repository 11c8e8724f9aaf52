"""The live room as a page: before, while and after something runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exercises.domain.run_states import RunState
from exercises.domain.stop_alarms import stop_alarms
from exercises.models import Experiment, Pin, Run, RunEvent
from exercises.models.due_work import database_now
from exercises.queries.live_room import RoomView, live_room
from exercises.services.run_events import append_event, move_run
from exercises.web.room_fragments import pieces
from tests import build
from tests.cast import Cast
from tests.room import scene


@pytest.fixture
def room(client: Client, cast: Cast) -> Client:
    client.force_login(cast.operator)
    return client


def url(exercise, name="live_room"):
    return reverse(name, args=[exercise.slug])


def test_the_room_is_open_before_anything_runs(room: Client, cast: Cast) -> None:
    experiment = build.proposed(cast)
    page = room.get(url(experiment.exercise))
    assert page.status_code == 200
    text = page.content.decode()
    assert experiment.title in text
    assert "Waits for Go" in text
    assert "not measured yet" in text


@pytest.mark.parametrize("with_experiment", [True, False])
def test_every_piece_that_is_pushed_has_its_place_on_the_page(
    room: Client, cast: Cast, with_experiment: bool
) -> None:
    exercise = build.proposed(cast).exercise if with_experiment else build.exercise(cast)
    view = RoomView(exercise.pk)
    seen = live_room(view, now=database_now())
    page = room.get(url(exercise)).content.decode()
    assert [name for name, _ in pieces(seen, view) if f'id="{name}"' not in page] == []


def test_what_go_left_out_says_why(room: Client, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    late = scene.another(cast, exercise, "late-service").experiment
    Run.objects.filter(experiment=late).update(is_rehearsal=True)
    waiting = scene.another(cast, exercise, "unapproved-service").experiment
    Run.objects.filter(experiment=waiting).update(is_rehearsal=True)
    Experiment.objects.filter(pk=waiting.pk).update(proposed_by=cast.lead)
    text = room.get(url(exercise)).content.decode()
    assert "1 running, 1 not approved, 1 not in this Go" in text
    assert "Not in this Go" in text
    assert "Not approved" in text
    assert "Waits for Go" not in text


def test_a_running_experiment_shows_its_state_steady_state_and_stop(
    room: Client, cast: Cast
) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=99.9, clusters=1)
    text = room.get(url(exercise)).content.decode()
    assert "Running" in text
    assert "2 of 2 inside" in text
    assert reverse("stop_run", args=[run.pk]) in text
    assert "broker-a1" in text
    assert "mqtt-undelivered-high" in text


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("OK", "Threshold not crossed.", "OK"),
        ("ALARM", "Threshold crossed.", "In alarm"),
        ("INSUFFICIENT_DATA", "No data points.", "No data"),
        ("MISSING", "AWS knows no alarm of this name.", "Not found"),
        ("UNKNOWN", "access denied", "Unknown"),
    ],
)
def test_each_stop_alarm_is_as_aws_last_told(
    room: Client, cast: Cast, state: str, reason: str, words: str
) -> None:
    exercise, run = scene.running(cast)
    (arn,) = stop_alarms(run.revision.plan["definition"])
    told = {"arn": arn, "name": "mqtt-undelivered-high", "state": state, "reason": reason}
    Run.objects.filter(pk=run.pk).update(alarms=[told | {"rule": "Delivered is below 75"}])
    card = room.get(url(exercise)).content.decode().split('id="alarms"', 1)[1]
    assert f'<span class="end">{words}</span>' in card
    assert "stops when Delivered is below 75" in card
    assert (reason in card) == (state != "OK")


def test_an_alarm_that_stopped_a_run_says_so(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    (arn,) = stop_alarms(run.revision.plan["definition"])
    Run.objects.filter(pk=run.pk).update(alarms=[{"arn": arn, "state": "ALARM"}])
    move_run(run, RunState.STOPPED, text="Stopped.")
    assert "Stopped it" in room.get(url(exercise)).content.decode()


def test_the_last_run_of_the_same_kind_is_drawn_dashed(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=99.9, clusters=1)
    assert "ln2" not in room.get(url(exercise)).content.decode()
    assert run.started_at is not None
    began = run.started_at - timedelta(days=30)
    earlier = Run.objects.create(
        experiment=run.experiment,
        revision=run.revision,
        token="of an earlier run",
        state=RunState.COMPLETED.value,
        scheduled_at=began,
        started_at=began,
        ended_at=began + timedelta(minutes=5),
    )
    for minute in range(3):
        scene.measured(earlier, at=began + timedelta(minutes=minute), delivered=97, clusters=2)
    text = room.get(url(exercise)).content.decode()
    assert "grey dashes are" in text
    assert text.count('class="ln2"') == 2


def test_large_values_and_limits_are_short(room: Client, cast: Cast) -> None:
    vehicles = build.PROBES[1] | {
        "key": "vehicles",
        "name": "Connected vehicles",
        "unit": "vehicles",
        "low": 3_900_000,
        "high": None,
    }
    exercise, run = scene.running(cast, steady_state=[build.PROBES[0], vehicles])
    scene.measured(run, delivered=99.9, vehicles=3_607_315)
    text = room.get(url(exercise)).content.decode()
    assert "3.61 M" in text
    assert "<span>at least 3.9 M</span>" in text


def test_the_question_before_stop_names_what_runs(room: Client, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    scene.another(cast, exercise, "another-service")
    text = room.get(url(exercise)).content.decode()
    dialog = text.split('<dialog class="dialog" id="stop-all"', 1)[1]
    assert "Stop all 2 running experiments?" in dialog
    assert "Stop one of another-service" in dialog
    assert "Stop 2 experiments now" in dialog


def test_outside_is_said_with_how_long(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=71.0, clusters=1)
    text = room.get(url(exercise)).content.decode()
    assert "Outside " in text
    assert "Messages delivered outside" in text


def test_a_value_without_data_is_unknown_and_never_fine(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=None, clusters=1)
    text = room.get(url(exercise)).content.decode()
    assert "1 of 2 inside, rest unknown" in text


def test_a_note_lands_in_the_log_and_a_pin_marks_it(room: Client, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    sent = room.post(url(exercise, "run_note"), {"text": "Reconnects are back.", "pin": "1"})
    assert sent.status_code == 302
    event = RunEvent.objects.get(kind="note")
    assert event.source == cast.operator.name
    assert Pin.objects.filter(event=event).exists()
    assert "Reconnects are back." in room.get(url(exercise), {"log": "notes"}).content.decode()
    room.post(url(exercise, "run_pin"), {"unpin": event.pk})
    assert not Pin.objects.exists()


def test_a_note_that_is_too_long_keeps_what_was_typed(room: Client, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    page = room.post(url(exercise, "run_note"), {"text": "x" * 1001})
    assert page.status_code == 422
    assert "x" * 1001 in page.content.decode()
    assert "at most 1,000 characters" in page.content.decode()


def test_the_room_costs_the_same_number_of_queries_for_one_run_and_for_five(
    room: Client, cast: Cast, django_assert_max_num_queries
) -> None:
    exercise, run = scene.running(cast)
    scene.measured(run, delivered=99.9, clusters=1)
    with django_assert_max_num_queries(40) as one:
        room.get(url(exercise))
    for index in range(4):
        scene.another(cast, exercise, f"service-{index}")
    with django_assert_max_num_queries(40) as five:
        page = room.get(url(exercise))
    assert page.content.decode().count('id="state-') == 5
    assert len(five) == len(one)


def test_a_self_service_room_is_hidden_from_other_teams(client: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    type(exercise).objects.filter(pk=exercise.pk).update(kind="self_service")
    client.force_login(cast.outsider)
    assert client.get(url(exercise)).status_code == 404
    assert client.post(reverse("stop_run", args=[run.pk]), {"confirm": "1"}).status_code == 404


def test_what_is_pushed_is_of_the_experiment_on_the_page(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    text = room.get(url(exercise)).content.decode()
    assert f"{url(exercise, 'live_stream')}?experiment={run.experiment_id}" in text


def test_a_past_exercise_opens_without_a_way_to_stop_it(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    move_run(run, RunState.COMPLETED, text="Completed.")
    type(exercise).objects.filter(pk=exercise.pk).update(phase="debrief")
    text = room.get(url(exercise)).content.decode()
    assert "Completed" in text
    assert 'id="stop-all-b"' not in text
    assert reverse("debrief", args=[exercise.slug]) in text


def test_rehearsals_stay_out_of_the_log_of_the_room(room: Client, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    append_event(exercise=exercise, run=run, kind="action.skipped", text="Only rehearsed.")
    type(run).objects.filter(pk=run.pk).update(is_rehearsal=True)
    assert "Only rehearsed." not in room.get(url(exercise)).content.decode()
