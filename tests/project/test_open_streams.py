"""Streams are counted over all processes for as long as they say that they are there."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from exercises import open_streams
from exercises.open_streams import PRESENT_S, counted


@pytest.fixture(autouse=True)
def streams_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_streams, "_key", lambda kind: f"chaosplane:streams-of-a-test:{kind}")


def ran(coroutine: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asyncio.wait_for(coroutine, 20))).result()


async def how_many() -> Any:
    return await asyncio.to_thread(open_streams.open_streams)


def test_a_stream_counts_while_it_is_open() -> None:
    async def follow() -> Any:
        async with counted("api"):
            async with counted("api"), counted("board"):
                both = await how_many()
            one = await how_many()
        return [both, one, await how_many()]

    assert ran(follow()) == [
        {"room": 0, "board": 1, "api": 2},
        {"room": 0, "board": 0, "api": 1},
        {"room": 0, "board": 0, "api": 0},
    ]


def test_a_stream_whose_process_died_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    open_streams._here("room", "one")
    assert open_streams.open_streams()["room"] == 1
    later = time.time() + PRESENT_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert open_streams.open_streams()["room"] == 0


def test_without_valkey_a_stream_opens_all_the_same(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    async def follow() -> str:
        async with counted("api"):
            return "followed"

    assert ran(follow()) == "followed"
