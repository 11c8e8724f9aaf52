"""People in the room: counted by open streams, over all processes, or not said at all."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from exercises.open_streams import PRESENT_S, open_streams
from exercises.web.room_people import here, left, people_in
from tests.cast import Cast
from tests.room import scene
from tests.room.conftest import Server
from tests.room.test_stream import opened, read_until


def test_a_person_with_two_streams_is_one_until_both_are_closed() -> None:
    room = 4_000_001
    here(room, 7, "one")
    here(room, 7, "two")
    here(room, 8, "three")
    assert people_in(room) == frozenset({7, 8})
    left(room, 7, "one")
    assert people_in(room) == frozenset({7, 8})
    left(room, 7, "two")
    left(room, 8, "three")
    assert people_in(room) == frozenset()


def test_a_stream_that_says_nothing_more_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    room = 4_000_002
    here(room, 7, "one")
    later = time.time() + PRESENT_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert people_in(room) == frozenset()


def test_without_valkey_the_room_opens_and_says_no_number(
    client: Client, cast: Cast, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    exercise, _ = scene.running(cast)
    client.force_login(cast.outsider)
    page = client.get(reverse("live_room", args=[exercise.slug])).content.decode()
    assert '<span class="stat not-s wide" id="people"></span>' in page


def test_who_opens_the_room_is_counted_and_so_is_who_follows(server: Server, cast: Cast) -> None:
    exercise, _ = scene.running(cast)
    with opened(server, exercise, cast.outsider) as one:
        read_until(one, "1 person")
        assert open_streams()["room"] >= 1
        with opened(server, exercise, cast.operator):
            read_until(one, "2 people")
        read_until(one, "1 person")
