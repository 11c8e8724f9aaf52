"""The stream of the live room over HTTP, from a real ASGI server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest
from django.conf import settings
from django.urls import reverse

from exercises.domain.run_states import RunState
from exercises.models import Exercise, User
from exercises.services.exercises import add_note
from exercises.services.run_events import move_run
from exercises.web import stream
from tests.cast import Cast
from tests.room import scene
from tests.room.conftest import Server, session_of


@contextmanager
def opened(server: Server, exercise: Exercise, user: User | None) -> Iterator[HTTPResponse]:
    connection = HTTPConnection(server.host, server.port, timeout=20)
    headers = {"Accept": "text/event-stream"}
    if user is not None:
        headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={session_of(user)}"
    connection.request("GET", reverse("live_stream", args=[exercise.slug]), headers=headers)
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def read_until(response: HTTPResponse, text: str) -> str:
    """Read lines until one has the text; the time limit of the socket ends a vain wait."""
    seen = ""
    while text not in seen:
        line = response.readline().decode()
        assert line, f"the stream ended before {text!r}"
        seen += line
    return seen


def test_a_watcher_gets_the_whole_room_and_then_what_changes(server: Server, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    with opened(server, exercise, cast.outsider) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        first = read_until(response, 'id="log"')
        assert "event: update" in first
        assert f'id="state-{run.experiment_id}"' in first
        add_note(actor=cast.actor("operator"), exercise=exercise, text="Reconnects are back.")
        read_until(response, "Reconnects are back.")
        move_run(run, RunState.STOPPING, text="Stopping.")
        read_until(response, f"{run.experiment.title}: Stopping.")


def test_what_is_pushed_holds_no_form_and_no_token(server: Server, cast: Cast) -> None:
    exercise, run = scene.running(cast)
    with opened(server, exercise, cast.outsider) as response:
        pushed = read_until(response, f'id="acts-{run.experiment_id}"')
        pushed += read_until(response, "\n\n")
    assert "csrf" not in pushed
    assert "<form" not in pushed


def test_who_is_not_signed_in_gets_no_stream(server: Server, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    with opened(server, exercise, None) as response:
        assert response.status == 401


def test_a_room_of_another_team_has_no_stream(server: Server, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
    with opened(server, exercise, cast.outsider) as response:
        assert response.status == 404


def test_a_stream_ends_when_one_may_no_longer_look(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "RECHECK_S", 0)
    exercise, _ = scene.running(cast)
    with opened(server, exercise, cast.outsider) as response:
        read_until(response, "event: update")
        Exercise.objects.filter(pk=exercise.pk).update(kind="self_service")
        while response.readline():
            pass


def test_more_people_watch_than_there_are_database_connections(server: Server, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    with ExitStack() as stack:
        for _ in range(pool + 2):
            response = stack.enter_context(opened(server, exercise, cast.outsider))
            read_until(response, "event: update")
