"""A desk whose server is the API itself, without a socket: the transport is Django's client."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.test import Client

from chaosplane import cli
from chaosplane.client import commands
from chaosplane.client.commands import Desk
from chaosplane.client.server import Answer, Request
from exercises.services.tokens import SCOPES, issue_token
from tests.cast import Cast

URL = "https://chaosplane.example.test"


def through_django(request: Request) -> Answer:
    parts = urlsplit(request.url)
    answer = Client().generic(
        request.method,
        f"{parts.path}?{parts.query}",
        request.body or b"",
        content_type=request.headers.get("Content-Type", "application/octet-stream"),
        headers=dict(request.headers),
    )
    return Answer(answer.status_code, answer.content)


@dataclass
class Typed:
    """What came of a command: its exit code and what it wrote."""

    code: int
    out: str
    error: str


class Terminal:
    """Somebody at a prompt, signed in by the environment."""

    def __init__(
        self,
        cast: Cast,
        home: Path,
        person: str = "author",
        *,
        scopes: tuple[str, ...] = SCOPES,
        meanwhile: Callable[[float], None] | None = None,
    ) -> None:
        _, secret = issue_token(
            actor=cast.actor(person), name="command line", scopes=list(scopes), days=1
        )
        self.variables = {
            "CHAOSPLANE_URL": URL,
            "CHAOSPLANE_TOKEN": secret,
            "XDG_CONFIG_HOME": str(home),
        }
        self.meanwhile = meanwhile or _never

    def type(self, *words: str) -> Typed:
        wishes = cli.parser().parse_args(words)
        desk = Desk(self.variables, io.StringIO(), io.StringIO(), through_django, self.meanwhile)
        code = commands.carry_out(wishes.command, wishes, desk)
        assert isinstance(desk.out, io.StringIO)
        assert isinstance(desk.error, io.StringIO)
        return Typed(code, desk.out.getvalue(), desk.error.getvalue())


def _never(seconds: float) -> None:
    raise AssertionError("it waits, and nothing was to be waited for")
