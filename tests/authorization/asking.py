"""Ask an address as somebody, and say in one sign what came of it; nothing stays changed."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from tests.authorization.planned import SECRET
from tests.authorization.sent import SENT
from tests.authorization.table import Row, parameters_of_addresses
from tests.authorization.world import World

_REFUSED_AS_SENT: Final = frozenset({400, 409, 413, 415, 422})
SEE_NOTHING_PRIVATE: Final = frozenset({"no", "ou", "in"})
_DENIED: Final = frozenset({403, 404})


class Asker:
    """Somebody at the door: a session, a token, or nothing."""

    def __init__(self, world: World, role: str) -> None:
        self.world = world
        self.role = role
        self.client = Client(raise_request_exception=True)
        self.names = parameters_of_addresses()
        self.headers = {}
        if role in world.tokens:
            self.headers = {"Authorization": f"Bearer {world.tokens[role]}"}
        elif role in world.people:
            self.client.force_login(world.people[role])
            self.client.get("/")  # as in life: with the capability to stop that a page gives out
            if role == "in":
                type(world.people[role]).objects.filter(pk=world.people[role].pk).update(
                    is_active=False
                )

    def address(self, row: Row) -> str:
        if row.name.startswith("/"):
            return row.name
        thing = self.world.things[row.thing]
        missing = self.names[row.name] - thing.keys()
        assert not missing, f"{row}: {row.thing} has no {', '.join(missing)}"
        return reverse(row.name, kwargs={name: thing[name] for name in self.names[row.name]})

    def answer(self, row: Row) -> str:
        """One of table.ANSWERS, or in words what is none of them."""
        try:
            with _undone(self.client):
                response = self._ask(row)
                return _sign(response) + self._secrets(response)
        except Exception as error:  # it is said in the list of differences
            return f"{type(error).__name__}: {error}"[:300]

    def allowed_methods(self, row: Row) -> set[str]:
        """What the address takes, as it says itself when it is asked for what none takes."""
        with _undone(self.client):
            response = self.client.generic("PROPFIND", self.address(row), headers=self.headers)
        allowed = {word.strip() for word in response.headers.get("Allow", "").split(",")}
        return allowed - {"", "HEAD", "OPTIONS"}

    def _ask(self, row: Row) -> HttpResponseBase:
        sent = SENT.get((row.name, row.method), lambda things, thing: {})
        body = sent(self.world.things, self.world.things[row.thing])
        query: Mapping[str, Any] | None = None
        options: dict[str, Any] = {"headers": self.headers}
        if row.method == "GET":
            query = body
        elif row.name.startswith("api-"):
            options |= {"data": body, "content_type": "application/json"}
        else:
            options["data"] = body
        verb = getattr(self.client, row.method.lower())
        response: HttpResponseBase = verb(self.address(row), query_params=query, **options)
        return response

    def _secrets(self, response: HttpResponseBase) -> str:
        """What this person must not know, where an answer shows it."""
        if _is_endless(response):
            return ""
        text = _text_of(response)
        if self.role not in SEE_NOTHING_PRIVATE:
            return ""
        found = re.findall(rf".{{0,60}}{SECRET}.{{0,60}}", text, re.IGNORECASE)
        return f" shows what is private: {found}" if found else ""


def _sign(response: HttpResponseBase) -> str:
    status = response.status_code
    if status == 401 or (
        status == 302 and response.headers["Location"].startswith(str(settings.LOGIN_URL))
    ):
        return "s"
    if status in _DENIED:
        return "-"
    if status in _REFUSED_AS_SENT:
        return "i"
    return "+" if 200 <= status < 400 else f"status {status}"


def _is_endless(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/event-stream")


def _text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode(errors="replace"))


@contextmanager
def _undone(client: Client) -> Iterator[None]:
    """Not `atomic`: what is asked may open transactions that must be the outermost."""
    point, cookies = transaction.savepoint(), copy.deepcopy(client.cookies)
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)
        transaction.set_rollback(False)
        client.cookies = cookies
