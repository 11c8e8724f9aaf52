"""The OIDC token of a GitHub Actions job, asked for when it is needed and again before it ends.

Desk uses it where a job may ask (permissions: id-token: write) and no token was given.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from chaosplane.client.server import Request, Send, Unreachable

BEFORE_ITS_END_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """Where GitHub gives this job its tokens, and whom they are to be for."""

    url: str
    token: str
    audience: str


class TokenOfJob:
    """Called for each request: the token that there is, or a new one when that one nears its end.
    Raises Unreachable."""

    def __init__(self, job: Job, send: Send, clock: Callable[[], float] = time.time) -> None:
        self._job, self._send, self._clock = job, send, clock
        self._token, self._ends = "", 0.0

    def __call__(self) -> str:
        if self._clock() >= self._ends - BEFORE_ITS_END_S:
            self._token = self._asked()
            self._ends = _end_of(self._token)
        return self._token

    def _asked(self) -> str:
        sign = "&" if "?" in self._job.url else "?"
        url = f"{self._job.url}{sign}audience={quote(self._job.audience, safe='')}"
        headers = {"Authorization": f"Bearer {self._job.token}", "Accept": "application/json"}
        answer = self._send(Request("GET", url, headers, None))
        if answer.status != 200:
            raise Unreachable(f"GitHub gives this job no token: it answers {answer.status}.")
        try:
            found = json.loads(answer.body)["value"]
        except (ValueError, KeyError, TypeError):
            found = None
        if not isinstance(found, str):
            raise Unreachable("GitHub gives this job no token: its answer cannot be read.")
        return found


def _end_of(token: str) -> float:
    """What the token says of its end; the server is who checks it."""
    try:
        claims = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return float(said["exp"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise Unreachable("GitHub gives this job no token: what it gave is no JWT.") from None
