"""The stream of events from a real ASGI server: each line once, in order, also across a break."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from django.db import connection, transaction

from exercises.api import event_stream
from exercises.domain.settled_ids import Seen, Settled
from exercises.models import ApiToken, Exercise
from exercises.models.due_work import database_now
from exercises.open_streams import open_streams
from exercises.services.run_events import append_event
from exercises.services.tokens import issue_token
from tests import build
from tests.api.conftest import Caller
from tests.cast import Cast
from tests.room.conftest import Server, server

__all__ = ["server"]
EVENTS = "/api/v1/events/"


def secret_of(cast: Cast, name: str = "outsider") -> str:
    actor = cast.actor(name)
    return issue_token(actor=actor, name="platform", scopes=["read"], days=1)[1]


@contextmanager
def followed(server: Server, secret: str, last: str = "") -> Iterator[HTTPResponse]:
    opened = HTTPConnection(server.host, server.port, timeout=20)
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/event-stream"}
    opened.request("GET", EVENTS, headers=headers | ({"Last-Event-ID": last} if last else {}))
    try:
        yield opened.getresponse()
    finally:
        opened.close()


def messages(stream: HTTPResponse, number: int) -> list[tuple[str, dict[str, Any]]]:
    """The next so many of them: number and content."""
    found: list[tuple[str, dict[str, Any]]] = []
    last = ""
    while len(found) < number:
        line = stream.readline().decode()
        assert line, "the stream ended"
        name, _, value = line.rstrip("\n").partition(": ")
        if name == "id":
            last = value
        if name == "data":
            found.append((last, json.loads(value)))
    return found


def begun(stream: HTTPResponse) -> str:
    assert stream.status == 200, stream.read()
    return messages(stream, 1)[0][0]


def say(exercise: Exercise, text: str) -> int:
    return append_event(exercise=exercise, kind="note", text=text).pk


def texts(stream: HTTPResponse, number: int) -> list[str]:
    return [content["text"] for _, content in messages(stream, number)]


def test_what_happens_is_told_and_after_a_break_it_goes_on_where_it_was(
    server: Server, cast: Cast
) -> None:
    exercise, secret = build.exercise(cast), secret_of(cast)
    with followed(server, secret) as stream:
        begun(stream)
        assert open_streams()["api"] >= 1
        say(exercise, "first")
        ((last, shown),) = messages(stream, 1)
        assert (shown["text"], shown["exercise"], last) == ("first", "2026-11", str(shown["id"]))
    say(exercise, "second")
    say(exercise, "third")
    with followed(server, secret, last) as stream:
        assert begun(stream) == last
        assert texts(stream, 2) == ["second", "third"]


def test_a_line_that_is_committed_late_is_not_passed_over(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise, secret = build.exercise(cast), secret_of(cast)
    written, may_end, looked = threading.Event(), threading.Event(), threading.Semaphore(0)
    look = Settled.look

    def counted(settled: Settled, seen: Seen) -> None:
        look(settled, seen)
        if seen.newest >= quick:
            looked.release()

    quick = 1 << 62
    monkeypatch.setattr(Settled, "look", counted)

    def slowly() -> None:
        with transaction.atomic():
            say(exercise, "slow")
            written.set()
            assert may_end.wait(20)
        connection.close()

    with followed(server, secret) as stream:
        begun(stream)
        writer = threading.Thread(target=slowly)
        writer.start()
        assert written.wait(20)
        quick = say(exercise, "quick")
        for _ in range(3):
            assert looked.acquire(timeout=20)
        may_end.set()
        writer.join()
        assert texts(stream, 2) == ["slow", "quick"]


def test_only_what_one_may_see_is_told_and_nothing_once_the_token_is_gone(
    server: Server, cast: Cast
) -> None:
    ours = build.exercise(cast)
    theirs = build.exercise(cast, slug="theirs")
    Exercise.objects.filter(pk=theirs.pk).update(kind="self_service")
    with followed(server, secret_of(cast)) as stream:
        begun(stream)
        say(theirs, "private")
        say(ours, "for all")
        assert texts(stream, 1) == ["for all"]
        ApiToken.objects.update(revoked_at=database_now())
        say(ours, "too late")
        assert b"too late" not in stream.read()


def test_a_token_follows_so_many_times_and_no_more(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "STREAMS_A_TOKEN", 1)
    secret = secret_of(cast)
    with followed(server, secret) as stream:
        begun(stream)
        with followed(server, secret) as another:
            assert another.status == 429
            assert int(another.headers["Retry-After"]) > 0
            assert another.headers["Content-Type"] == "application/problem+json"
        with followed(server, secret_of(cast)) as of_another_token:
            begun(of_another_token)


@pytest.mark.django_db
@pytest.mark.parametrize("last", ["nonsense", "-1", "1" * 19, "9999999"])
def test_a_number_that_was_never_given_out_is_refused_by_name(caller: Caller, last: str) -> None:
    answer = caller("lead").get(EVENTS, headers={"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


@pytest.mark.django_db
def test_a_number_too_far_back_is_told_so(
    cast: Cast, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    exercise = build.exercise(cast)
    first = say(exercise, "first")
    say(exercise, "second")
    monkeypatch.setattr(event_stream, "FARTHEST_BACK", 0)
    answer = caller("lead").get(EVENTS, headers={"Last-Event-ID": str(first)})
    assert (answer.status_code, answer.json()["code"]) == (410, "too_old")


@pytest.mark.django_db
def test_it_is_for_tokens_that_read_and_takes_no_parameters(cast: Cast, caller: Caller) -> None:
    assert caller("lead", scopes=("stop",)).get(EVENTS).status_code == 403
    assert caller("lead").get(f"{EVENTS}?exercise=x").json()["errors"][0]["field"] == "exercise"
    client = caller("lead")
    client.credentials()
    client.force_login(cast.lead)
    assert client.get(EVENTS).status_code == 401
