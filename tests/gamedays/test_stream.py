"""The stream of a board: sent to who may see it, drawn by the hub that draws the rooms."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from exercises.queries.game_board import BoardView
from exercises.web.hub import Hub, Turn

NO_VALKEY = "redis://127.0.0.1:1/0"


def test_each_kind_of_view_is_drawn_by_its_own_means_in_one_hub() -> None:
    drawn: list[Any] = []

    def draw(view: Any) -> Turn:
        drawn.append(view)
        return Turn(SimpleNamespace(is_live=False), {"gd-board": f"of {view.exercise_id}"})

    def room(view: Any) -> Turn:
        raise AssertionError("a board is no room")

    async def follow() -> dict[str, str]:
        hub, view = Hub(room, redis_url=NO_VALKEY), BoardView(exercise_id=7)
        async with hub.watch(view, draw) as one, hub.watch(BoardView(7), draw) as other:
            assert one is other
            return await anext(one.updates())

    with ThreadPoolExecutor(1) as thread:
        pieces = thread.submit(lambda: asyncio.run(asyncio.wait_for(follow(), 20))).result()
    assert pieces == {"gd-board": "of 7"}
    assert drawn == [BoardView(exercise_id=7)]
