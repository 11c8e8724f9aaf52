"""GET /api/v1/events/: the lines of every event log that one may see, as they are written (SSE).

Each has a number that only grows, and Last-Event-ID goes on behind it: no line is missed and none
comes twice. Rights are read anew before anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from psycopg_pool import PoolTimeout
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from exercises.api.authentication import SessionAuthentication, actor_of
from exercises.api.representations import RunEventOut
from exercises.domain.errors import Invalid, NotAllowed
from exercises.domain.settled_ids import Settled
from exercises.hints import ended, listener
from exercises.models import ApiToken, RunEvent
from exercises.open_streams import counted
from exercises.queries.event_feed import events_between, newest_event, seen_now

log = logging.getLogger(__name__)

LAST_EVENT_ID: Final = "Last-Event-ID"
MEDIA_TYPE: Final = "text/event-stream"
FARTHEST_BACK: Final = 10_000
A_TIME: Final = 100
STREAMS_A_TOKEN: Final = 5
STREAMS: Final = 200
RETRY_MS: Final = 2000
KEEP_ALIVE_S: Final = 15.0
LOOK_EVERY_S: Final = 1.0
SETTLE_S: Final = 0.1


class EventStream(BaseRenderer):
    """So that who accepts an event stream gets one; what is refused is JSON to them too."""

    media_type = MEDIA_TYPE
    format = "sse"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return JSONRenderer().render(data)


class TooOld(exceptions.APIException):
    status_code = 410
    default_detail = "Too far back."
    default_code = "too_old"


class LineOut(RunEventOut):
    exercise = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = RunEvent
        fields = ("id", "exercise", *RunEventOut.Meta.fields[1:])


class Events(APIView):
    """For programs, with a token: a browser's page has the live room."""

    renderer_classes = [JSONRenderer, EventStream]

    def get_authenticators(self) -> list[BaseAuthentication]:
        found = super().get_authenticators()
        return [each for each in found if not isinstance(each, SessionAuthentication)]

    @extend_schema(exclude=True)  # OpenAPI has no word for an answer without an end
    def get(self, request: Request) -> HttpResponseBase:
        """Follow what happens."""
        for name in request.query_params:
            raise Invalid(name, "is no parameter of this stream: it is of all you may see")
        after = _last_id(request)
        slot = _SLOTS.take(request.auth.pk if isinstance(request.auth, ApiToken) else request.user)
        response = StreamingHttpResponse(self._lines(request, after, slot), content_type=MEDIA_TYPE)
        weakref.finalize(response, slot.give_back)  # also when nobody ever read from it
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
        return response

    async def _lines(self, request: Request, after: int | None, slot: Slot) -> AsyncIterator[bytes]:
        try:
            await sync_to_async(close_old_connections)()  # a stream outlives a pool
            async with counted("api"), feed().followed() as following:
                if after is None:
                    after = await following.end()
                yield f"retry: {RETRY_MS}\nevent: begin\nid: {after}\ndata: {{}}\n\n".encode()
                while True:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(KEEP_ALIVE_S):
                            await following.beyond(after)
                    read = sync_to_async(self._read, thread_sensitive=False)
                    found = await read(request, after, following.through)
                    if found is None:
                        return
                    for line in found.lines:
                        yield line
                    after = found.after
                    if not found.lines:
                        yield f": still here\nid: {after}\n\n".encode()
        finally:
            slot.give_back()

    def _read(self, request: Request, after: int, through: int) -> Found | None:
        """What is new and may be seen by now; None when nothing may be."""
        try:
            if not self._is_let_in(request):
                return None
            rows = events_between(actor_of(request), after=after, through=through, at_most=A_TIME)
        except (DatabaseError, PoolTimeout) as error:
            log.warning("events.read.failed", extra={"error": str(error)})
            return Found([], after)
        finally:
            close_old_connections()
        is_all = len(rows) < A_TIME
        return Found(
            [_message(row) for row in rows], max(after, through) if is_all else rows[-1].id
        )

    def _is_let_in(self, request: Request) -> bool:
        """The same questions as when it was opened, asked anew."""
        try:
            pairs = (each.authenticate(request) for each in self.get_authenticators())
            pair = next((pair for pair in pairs if pair), None)
            if pair is None:
                return False
            request.user, request.auth = pair
            self.check_permissions(request)
        except (exceptions.APIException, NotAllowed):
            return False
        return True


@dataclass(frozen=True)
class Found:
    lines: list[bytes]
    after: int


def _message(row: RunEvent) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (row.pk, JSONRenderer().render(LineOut(row).data))


def _last_id(request: Request) -> int | None:
    """Raises Invalid for what is no number of ours, TooOld for what is too far back."""
    text = request.headers.get(LAST_EVENT_ID)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(LAST_EVENT_ID, "the number of a line, as its id says")
    newest = newest_event()
    if int(text) > newest:
        raise Invalid(LAST_EVENT_ID, f"there is no such line yet; the newest is {newest}")
    if newest - int(text) > FARTHEST_BACK:
        raise TooOld(
            f"{LAST_EVENT_ID} lies more than {FARTHEST_BACK:,} lines back. Read the event logs of"
            " the exercises, and follow without it."
        )
    return int(text)


class Feed:
    """Up to which line all is there: one look a turn for everybody of this process who follows."""

    def __init__(self) -> None:
        self._settled = Settled()
        self._followers = 0
        self._hinted = asyncio.Event()
        self._moved = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def through(self) -> int:
        return self._settled.through

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[Feed]:
        self._followers += 1
        if self._task is None:
            self._settled = Settled()
            self._task = asyncio.create_task(self._look())
        try:
            yield self
        finally:
            self._followers -= 1
            if not self._followers and self._task is not None:
                task, self._task = self._task, None
                await ended(task)

    async def end(self) -> int:
        """The last line that there is, once it is known."""
        settled = self._settled
        async with self._moved:
            await self._moved.wait_for(lambda: settled.is_known)
        return settled.through

    async def beyond(self, after: int) -> None:
        """Returns once there is more than that."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.through > after)

    async def _look(self) -> None:
        async with listener().telling(lambda exercise_id: self._hinted.set()):
            while True:
                self._hinted.clear()
                try:
                    self._settled.look(await sync_to_async(_seen, thread_sensitive=False)())
                except (DatabaseError, PoolTimeout) as error:
                    log.warning("events.look.failed", extra={"error": str(error)})
                async with self._moved:
                    self._moved.notify_all()
                if not self._settled.is_awaiting:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._hinted.wait()
                await asyncio.sleep(SETTLE_S)


def _seen() -> Any:
    try:
        return seen_now()
    finally:
        close_old_connections()


class Slots:
    """How many streams are open in this process, for each token and in all."""

    def __init__(self) -> None:
        self._lock, self._open = Lock(), Counter[object]()

    def take(self, who: object) -> Slot:
        """Raises Throttled when there are enough."""
        with self._lock:
            if self._open[who] >= STREAMS_A_TOKEN:
                raise exceptions.Throttled(
                    30, f"This token follows {STREAMS_A_TOKEN} times already; end one of them."
                )
            if self._open.total() >= STREAMS:
                raise exceptions.Throttled(30, f"{STREAMS} programs follow already.")
            self._open[who] += 1
        return Slot(self, who)

    def give_back(self, who: object) -> None:
        with self._lock:
            self._open -= Counter({who: 1})


class Slot:
    """One of them, given back once."""

    def __init__(self, slots: Slots, who: object) -> None:
        self._slots, self._who, self._is_open = slots, who, True

    def give_back(self) -> None:
        if self._is_open:
            self._is_open = False
            self._slots.give_back(self._who)


_SLOTS: Final = Slots()
_FEEDS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = weakref.WeakKeyDictionary()


def feed() -> Feed:
    """The one of this process's event loop."""
    return _FEEDS.setdefault(asyncio.get_running_loop(), Feed())
