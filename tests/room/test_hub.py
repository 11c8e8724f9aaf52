"""The hub: renders once for all who watch, tells only what changed, survives without Valkey."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import DatabaseError

from exercises.hints import CHANNEL
from exercises.queries.live_room import RoomView
from exercises.web.hub import Hub, Turn

VIEW = RoomView(exercise_id=7)
PATIENCE_S = 20
NO_VALKEY = "redis://127.0.0.1:1/0"


@dataclass
class Drawing:
    """A room that is easy to change: stands for the database."""

    pieces: dict[str, str] = field(default_factory=lambda: {"clock": "1", "log": "a"})
    is_live: bool = True
    fails: bool = False
    times: int = 0

    def __call__(self, view: RoomView) -> Turn:
        self.times += 1
        if self.fails:
            raise DatabaseError("the database is away")
        room = SimpleNamespace(is_live=self.is_live, rows=(), stop=None)
        return Turn(room, dict(self.pieces))


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(body(), PATIENCE_S)

    # A thread of its own: a browser of another test may run a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(limited())).result()


async def next_of(updates: AsyncIterator[dict[str, str]]) -> dict[str, str]:
    return await anext(updates)


def test_a_watcher_gets_everything_once_and_then_only_what_changed() -> None:
    drawing = Drawing()

    async def body() -> None:
        hub = Hub(drawing, redis_url=NO_VALKEY)
        async with hub.watch(VIEW) as channel:
            updates = channel.updates()
            assert await next_of(updates) == {"clock": "1", "log": "a"}
            drawing.pieces["clock"] = "2"
            assert await next_of(updates) == {"clock": "2"}

    run(body)


def test_a_room_is_rendered_once_however_many_watch_it() -> None:
    drawing = Drawing(is_live=False)

    async def body() -> None:
        hub = Hub(drawing, redis_url=NO_VALKEY)
        async with hub.watch(VIEW) as one, hub.watch(VIEW) as two:
            assert one is two
            found = await asyncio.gather(*(next_of(one.updates()) for _ in range(50)))
            assert len(found) == 50
            assert drawing.times == 1

    run(body)


def test_a_slow_watcher_skips_what_is_outdated() -> None:
    drawing = Drawing()

    async def body() -> None:
        hub = Hub(drawing, redis_url=NO_VALKEY)
        async with hub.watch(VIEW) as channel:
            slow, quick = channel.updates(), channel.updates()
            await next_of(slow)
            await next_of(quick)
            for clock in ("2", "3"):
                drawing.pieces["clock"] = clock
                await next_of(quick)
            assert await next_of(slow) == {"clock": "3"}

    run(body)


def test_a_hint_through_valkey_brings_the_news_before_the_next_turn() -> None:
    drawing = Drawing(is_live=False)

    async def body() -> None:
        hub = Hub(drawing)
        async with hub.watch(VIEW) as channel:
            updates = channel.updates()
            await next_of(updates)
            await hub.is_listening.wait()
            drawing.pieces["log"] = "b"
            client = redis.Redis.from_url(settings.REDIS_URL)
            client.publish(CHANNEL, json.dumps({"exercise": 7}))
            assert await next_of(updates) == {"log": "b"}
            client.close()

    run(body)


def test_a_hint_about_another_exercise_or_without_sense_is_passed_over() -> None:
    drawing = Drawing(is_live=False)

    async def body() -> None:
        hub = Hub(drawing)
        async with hub.watch(VIEW) as channel:
            await next_of(channel.updates())
            await hub.is_listening.wait()
            client = redis.Redis.from_url(settings.REDIS_URL)
            for text in ('{"exercise": 8}', "nonsense", "[]", '{"exercise": 7}'):
                client.publish(CHANNEL, text)
            await channel.hinted.wait()
            client.close()

    run(body)


def test_a_database_that_is_away_is_tried_again() -> None:
    drawing = Drawing(fails=True)

    async def body() -> None:
        hub = Hub(drawing, redis_url=NO_VALKEY)
        async with hub.watch(VIEW) as channel:
            updates = channel.updates()
            while drawing.times == 0:
                await asyncio.sleep(0)
            drawing.fails = False
            channel.hinted.set()
            assert (await next_of(updates))["clock"] == "1"

    run(body)


def test_nothing_is_left_when_the_last_watcher_has_gone() -> None:
    async def body() -> None:
        hub = Hub(Drawing(), redis_url=NO_VALKEY)
        async with hub.watch(VIEW) as channel:
            await next_of(channel.updates())
        assert hub.channels == 0
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in others if "watch" in str(task) or "run(" in str(task)]

    run(body)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR")
