"""A body beyond the limit is refused before it was read, whether it says its length or not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chaosplane.body_limit import limited

MOST = 1000
CHUNK = b"x" * 100


class Client:
    """Sends chunks for as long as it is asked, and keeps what it is answered."""

    def __init__(self, chunks: int, length: int | None = None) -> None:
        self.left, self.taken, self.said = chunks, 0, list[Any]()
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        self.scope = {"type": "http", "headers": headers}

    async def receive(self) -> Any:
        self.taken, self.left = self.taken + 1, self.left - 1
        return {"type": "http.request", "body": CHUNK, "more_body": self.left > 0}

    async def send(self, message: Any) -> None:
        self.said.append(message)


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """As Django does: all of the body, then an answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


def ask(client: Client) -> int:
    asyncio.run(limited(reads_all, most=MOST)(client.scope, client.receive, client.send))
    return int(client.said[0]["status"])


def test_a_length_beyond_the_limit_is_refused_without_reading_a_byte() -> None:
    client = Client(chunks=1_000_000, length=100_000_000)
    assert ask(client) == 413
    assert client.taken == 0
    assert (b"connection", b"close") in client.said[0]["headers"]
    assert json.loads(client.said[1]["body"])["detail"] == "body: at most 1,000 bytes"


def test_a_body_of_no_said_length_is_refused_where_it_passes_the_limit() -> None:
    client = Client(chunks=1_000_000)
    assert ask(client) == 413
    assert client.taken == MOST / len(CHUNK) + 1


@pytest.mark.parametrize("length", [None, MOST])
def test_a_body_as_long_as_the_limit_is_read(length: int | None) -> None:
    assert ask(Client(chunks=10, length=length)) == 200


def test_what_is_no_request_passes() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    client = Client(chunks=0)
    client.scope["type"] = "lifespan"
    asyncio.run(limited(app, most=MOST)(client.scope, client.receive, client.send))
    assert seen == ["lifespan"]
