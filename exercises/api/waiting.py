"""GET /api/v1/runs/{id}/?wait=30: answered when the run changes, with the answer of then.

It waits before the request reaches Django, so it holds neither a thread nor a connection of the
database meanwhile. Who asks is looked at before and after, by the same view that answers everybody.
"""

from __future__ import annotations

import asyncio
import logging
import re
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from psycopg_pool import PoolTimeout

from exercises.hints import ended, listener
from exercises.queries.run_marks import RunMark, marks_of

log = logging.getLogger(__name__)

WAIT: Final = "wait"
SEEN: Final = "seen"
LONGEST_S: Final = 60
LOOK_EVERY_S: Final = 1.0
"""How often to look without a hint: without Valkey, or after a hint that was lost."""
GATHER_S: Final = 0.1

_PATH: Final = re.compile(r"/api/v1/runs/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
_SECONDS: Final = re.compile(r"[1-9][0-9]?")

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Waits:
    """Around the ASGI application: lets a request for a run wait until there is news."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        if asked is None:
            await self._app(scope, receive, send)
            return
        run_id, seconds, seen = asked
        mark = (await marks_now(run_id)).get(run_id)
        if mark is not None and not mark.is_over and seen in ("", mark.state):
            first = await self._answer(scope)
            if first[0]["status"] not in (200, 304):
                for message in first:
                    await send(message)
                return
            if not await _patient(_watch().change(run_id, mark), receive, seconds):
                return
        await self._app(scope, _nothing_more(), send)

    async def _answer(self, scope: Scope) -> list[Message]:
        """What would be answered now, without sending it."""
        found: list[Message] = []

        async def keep(message: Message) -> None:
            found.append(message)

        await self._app(dict(scope), _nothing_more(), keep)
        return found


class Watch:
    """One look a turn at every run that somebody of this process waits for."""

    def __init__(self) -> None:
        self._waiting: Counter[UUID] = Counter()
        self._hinted = asyncio.Event()
        self._looked = asyncio.Condition()
        self._begun = self._done = 0
        self._found: dict[UUID, RunMark] = {}
        self._task: asyncio.Task[None] | None = None

    async def change(self, run_id: UUID, mark: RunMark) -> None:
        """Returns once the run is otherwise, or no longer there."""
        self._waiting[run_id] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        since = self._begun  # A look that is under way asks for other runs.
        try:
            async with self._looked:
                await self._looked.wait_for(
                    lambda: self._done > since and self._found.get(run_id) != mark
                )
        finally:
            self._waiting -= Counter({run_id: 1})
            if not self._waiting and self._task is not None:
                task, self._task = self._task, None
                await ended(task)

    async def _look(self) -> None:
        async with listener().telling(lambda exercise_id: self._hinted.set()):
            while True:
                self._hinted.clear()
                self._begun += 1
                try:
                    self._found = await marks_now(*self._waiting)
                except (DatabaseError, PoolTimeout) as error:
                    log.warning("wait.look.failed", extra={"error": str(error)})
                else:
                    self._done = self._begun
                    async with self._looked:
                        self._looked.notify_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._hinted.wait()
                await asyncio.sleep(GATHER_S)


async def marks_now(*runs: UUID) -> dict[UUID, RunMark]:
    """Read in a thread that gives its connection back."""
    return await sync_to_async(_marks, thread_sensitive=False)(runs)


def _marks(runs: tuple[UUID, ...]) -> dict[UUID, RunMark]:
    try:
        return marks_of(runs)
    finally:
        close_old_connections()


async def _patient(news: Coroutine[Any, Any, None], receive: Receive, seconds: int) -> bool:
    """Until there is news or the time is over. False when the caller has gone meanwhile."""
    gone = asyncio.ensure_future(_gone(receive))
    told = asyncio.ensure_future(news)
    try:
        await asyncio.wait({gone, told}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return not gone.done()
    finally:
        gone.cancel()
        told.cancel()
        await asyncio.wait({gone, told})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _nothing_more() -> Receive:
    """A GET without a body, whose caller stays."""
    told = False

    async def receive() -> Message:
        nonlocal told
        if told:
            await asyncio.Event().wait()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


def _asked(scope: Scope) -> tuple[UUID, int, str] | None:
    """The run, how long, and the state that the caller knows. None where nothing waits; what
    is wrong with it is said by the view."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path, query = _PATH.fullmatch(scope["path"]), scope["query_string"]
    if path is None or b"wait=" not in query:
        return None
    given = parse_qs(query.decode("latin-1"))
    (wait, *_), (seen, *_) = given.get(WAIT, [""]), given.get(SEEN, [""])
    if not _SECONDS.fullmatch(wait) or int(wait) > LONGEST_S:
        return None
    return UUID(path[1]), int(wait), seen


_WATCHES: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = weakref.WeakKeyDictionary()


def _watch() -> Watch:
    """The one of this process's event loop."""
    return _WATCHES.setdefault(asyncio.get_running_loop(), Watch())
