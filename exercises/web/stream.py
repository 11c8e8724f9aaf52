"""SSE of the live room: one message an update, pieces that find their places by id.

A push is an offer: the page is complete without it, and every reload tells the same.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.db import close_old_connections
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.domain.actors import Actor, Door
from exercises.models import Exercise, User
from exercises.open_streams import Kind, counted, said_again
from exercises.permissions import actor_for
from exercises.web.hub import Render, View, hub
from exercises.web.room import view_asked
from exercises.web.room_fragments import as_swap
from exercises.web.room_people import here, left

KEEP_ALIVE_S: Final = 15.0
RECHECK_S: Final = 30.0
RETRY_MS: Final = 2000


@require_GET
async def stream(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Follow a room for as long as one may see it."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return HttpResponse("Sign in to watch.", status=401, content_type="text/plain")
    exercise_id = await sync_to_async(visible_id)(actor, slug)
    if exercise_id is None:
        raise Http404("no such exercise")
    response = StreamingHttpResponse(
        events(view_asked(request, exercise_id), actor, request.session, slug),
        content_type="text/event-stream",
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def events(
    view: View,
    actor: Actor,
    session: SessionBase,
    slug: str,
    *,
    draw: Render | None = None,
) -> AsyncIterator[bytes]:
    """The bytes of the stream; ends when the person may no longer look. Who looks at something
    that is drawn otherwise than the room is not counted as in the room."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    loop = asyncio.get_running_loop()
    check_at = loop.time() + RECHECK_S
    present = _present(view.exercise_id, actor) if draw is None else nullcontext()
    kind: Kind = "room" if draw is None else "board"
    async with counted(kind), present, hub().watch(view, draw) as channel:
        channel.hinted.set()
        updates = channel.updates()
        waiting = asyncio.ensure_future(anext(updates))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=KEEP_ALIVE_S)
                if loop.time() >= check_at:
                    if not await sync_to_async(_still_sees)(actor, session, slug):
                        return
                    check_at = loop.time() + RECHECK_S
                if not done:
                    yield b": still here\n\n"
                    continue
                yield message(waiting.result())
                waiting = asyncio.ensure_future(anext(updates))
        finally:
            waiting.cancel()


def _present(exercise_id: int, actor: Actor) -> AbstractAsyncContextManager[None]:
    """Count this person as in the room, for as long as the stream is open."""
    return said_again(
        functools.partial(here, exercise_id, actor.person_id),
        functools.partial(left, exercise_id, actor.person_id),
    )


def message(pieces: Mapping[str, str]) -> bytes:
    """One event. A line break inside would end it, so each line is a data line."""
    html = "".join(as_swap(name, text) for name, text in pieces.items())
    data = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: update\n{data}\n".encode()


def visible_id(actor: Actor, slug: str) -> int | None:
    """The exercise, if it may be seen. Gives the connection back: a stream outlives a pool."""
    try:
        seen = Exercise.objects.visible_to(actor).filter(slug=slug)
        return seen.values_list("pk", flat=True).first()
    finally:
        close_old_connections()


def _still_sees(actor: Actor, session: SessionBase, slug: str) -> bool:
    """Signed in still, and allowed still: rights are read anew."""
    user = User.objects.filter(pk=actor.user_id or 0, is_active=True).first()
    key = session.session_key
    if user is None or key is None or not session.exists(key):
        close_old_connections()
        return False
    return visible_id(actor_for(user, Door.PAGE), slug) is not None


urlpatterns = [path("exercises/<slug:slug>/live/stream", stream, name="live_stream")]
