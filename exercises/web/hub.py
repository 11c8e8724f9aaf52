"""One hub per process: renders what changed once, for however many people watch.

A channel is one view of one room, or of the board of a game day. It renders when a hint says
that something changed, and every second while something runs, because clocks move too. Each
piece of the page carries the number of the turn in which it last changed; a watcher asks for
what is newer than the last it was sent. So nothing is queued: a slow browser skips what is
outdated, and costs no memory.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from exercises.hints import Listener, ended, listener
from exercises.models.due_work import database_now
from exercises.queries.live_room import Room, RoomView, live_room
from exercises.web.room_announcements import announcements
from exercises.web.room_fragments import pieces
from exercises.web.room_people import people_in

log = logging.getLogger(__name__)

LIVE_TURN_S = 1.0
QUIET_TURN_S = 5.0
"""How often to look without a hint: clocks that move, or hints that were lost."""
GATHER_S = 0.1
"""One observation writes many lines; they are drawn together."""
ANNOUNCE = "room-announce"


class View(Protocol):
    """One way to look at an exercise; equal views share a channel."""

    @property
    def exercise_id(self) -> int: ...
    def __hash__(self) -> int: ...


class Shown(Protocol):
    """What a view shows: a room or a board."""

    @property
    def is_live(self) -> bool: ...


@dataclass(frozen=True)
class Turn:
    """What one rendering found: what is shown, and its pieces by id."""

    shown: Shown
    pieces: dict[str, str]


Render = Callable[[Any], Turn]
"""Draws what a view asks for; each kind of view has its own."""


def render(view: RoomView) -> Turn:
    """Read and draw the room. Runs in a thread and gives its connection back."""
    close_old_connections()
    try:
        room = live_room(view, now=database_now())
        people = people_in(view.exercise_id)
        count = None if people is None else len(people)
        return Turn(room, dict(pieces(room, view, people=count)))
    finally:
        close_old_connections()


@dataclass(eq=False)
class Channel:
    """The pieces of one view, each with the turn in which it last changed."""

    view: View
    turn: int = 0
    pieces: dict[str, tuple[int, str]] = field(default_factory=dict)
    watchers: int = 0
    hinted: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    shown: Shown | None = None
    task: asyncio.Task[None] | None = None

    async def run(self, draw: Render) -> None:
        """Render turn after turn until cancelled."""
        while True:
            self.hinted.clear()
            try:
                found = await sync_to_async(draw, thread_sensitive=False)(self.view)
            except DatabaseError as error:
                # Watchers see the page grow old, and say so; the next turn tries again.
                log.warning("stream.render.failed", extra={"error": str(error)})
            else:
                await self._take(found)
            live = self.shown is not None and self.shown.is_live
            with suppress(TimeoutError):
                async with asyncio.timeout(LIVE_TURN_S if live else QUIET_TURN_S):
                    await self.hinted.wait()
            await asyncio.sleep(GATHER_S)

    async def _take(self, found: Turn) -> None:
        new = dict(found.pieces)
        if isinstance(self.shown, Room) and isinstance(found.shown, Room):
            said = announcements(self.shown, found.shown)
            if said:
                new[ANNOUNCE] = " ".join(said)
        self.shown = found.shown
        self.turn += 1
        for name, html in new.items():
            if self.pieces.get(name, (0, None))[1] != html:
                self.pieces[name] = (self.turn, html)
        async with self.changed:
            self.changed.notify_all()

    def newer_than(self, seen: int) -> dict[str, str]:
        return {name: html for name, (turn, html) in self.pieces.items() if turn > seen}

    async def updates(self) -> AsyncIterator[dict[str, str]]:
        """Everything once, then what changed, for one watcher."""
        seen = 0
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda since=seen: self.turn > since)  # type: ignore[misc]
                seen, found = self.turn, self.newer_than(seen)
            if found:
                yield found


class Hub:
    """The channels of this process."""

    def __init__(self, draw: Render = render, *, redis_url: str | None = None) -> None:
        self._draw = draw
        self._own_listener = Listener(redis_url) if redis_url else None
        self._channels: dict[View, Channel] = {}

    @property
    def channels(self) -> int:
        return len(self._channels)

    @property
    def _listener(self) -> Listener:
        return self._own_listener or listener()

    @property
    def is_listening(self) -> asyncio.Event:
        return self._listener.is_listening

    @asynccontextmanager
    async def watch(self, view: View, draw: Render | None = None) -> AsyncIterator[Channel]:
        """A channel that is rendered, by the hub's own means or by `draw`, for as long as
        somebody watches."""
        channel = self._channels.get(view)
        if channel is None:
            channel = self._channels[view] = Channel(view)
            channel.task = asyncio.create_task(channel.run(draw or self._draw))

        def hear(exercise_id: int) -> None:
            if view.exercise_id == exercise_id:
                channel.hinted.set()

        channel.watchers += 1
        try:
            async with self._listener.telling(hear):
                yield channel
        finally:
            channel.watchers -= 1
            if not channel.watchers:
                del self._channels[view]
                await _end(channel.task)


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        await ended(task)


_HUBS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process's event loop."""
    return _HUBS.setdefault(asyncio.get_running_loop(), Hub())
