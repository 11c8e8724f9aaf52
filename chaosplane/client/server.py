"""Ask a server of chaosplane over its API, and say in one line each what it refuses.

Every command that needs a server calls it. No redirect is followed: a token goes to the
address it was given for and nowhere else.
"""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

TIMEOUT_S: Final = 30.0
PAGE_SIZE: Final = 100
MAX_ANSWER: Final = 64 * 1024 * 1024

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


Send = Callable[[Request], Answer]


class Unreachable(Exception):
    """No answer that says anything: nothing is known of what was asked."""


class NotDone(Exception):
    """The server says no. `lines` say why, a problem each; a rule of the programme when
    `is_policy`."""

    def __init__(self, status: int, lines: list[str], *, is_policy: bool = False) -> None:
        super().__init__("; ".join(lines))
        self.status, self.lines, self.is_policy = status, lines, is_policy


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """The answer is left as it is: a 3xx, which is told as an error."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def send(request: Request) -> Answer:
    """Over HTTP. Raises Unreachable."""
    asked = urllib.request.Request(  # noqa: S310 - sign_in.read_url allows http and https only
        request.url, request.body, dict(request.headers), method=request.method
    )
    try:
        with _OPENER.open(asked, timeout=TIMEOUT_S) as answer:
            return Answer(answer.status, answer.read(MAX_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(MAX_ANSWER))
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{request.url} does not answer: {_why(error)}") from error


def _why(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)


class Server:
    """One installation, asked with one token, or with what gives one for each request."""

    def __init__(self, url: str, token: str | Callable[[], str], send: Send = send) -> None:
        self.url, self._token, self._send = url.rstrip("/"), token, send

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """What stands at /api/v1/<path>. Raises NotDone, Unreachable."""
        return self._ask("GET", path + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, body: object = None, *, key: str = "") -> Any:
        """Carry out once: asked again with the same key, the server answers as it did."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        return self._ask("POST", path, {} if body is None else body, headers)

    def file(self, path: str, form: str) -> bytes:
        """What stands there, as it is, in a media type. Raises NotDone, Unreachable."""
        return self._send_to("GET", path, None, {"Accept": form})

    def send_file(self, method: str, path: str, data: bytes, form: str) -> Any:
        """Send bytes of a media type as they are. Raises NotDone, Unreachable."""
        return self._read(path, self._send_to(method, path, data, {"Content-Type": form}))

    def every(self, path: str, query: Mapping[str, str], *, at_most: int) -> Iterator[Json]:
        """The rows of a list, page by page."""
        left, asked = at_most, dict(query)
        while left > 0:
            page = self.get(path, {**asked, "page_size": str(min(left, PAGE_SIZE))})
            yield from page["results"][:left]
            left -= len(page["results"])
            if not page["next"]:
                return
            # Of the link only the cursor: a token goes to its own address and nowhere else.
            asked["cursor"] = parse_qs(urlsplit(page["next"]).query)["cursor"][0]

    def _ask(
        self, method: str, path: str, body: object = None, more: Mapping[str, str] | None = None
    ) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._read(path, self._send_to(method, path, sent, {**headers, **(more or {})}))

    def _send_to(
        self, method: str, path: str, body: bytes | None, more: Mapping[str, str]
    ) -> bytes:
        token = self._token if isinstance(self._token, str) else self._token()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        answer = self._send(Request(method, self._address(path), {**headers, **more}, body))
        if not 200 <= answer.status < 300:
            raise _refusal(answer)
        return answer.body

    def _read(self, path: str, body: bytes) -> Any:
        try:
            return json.loads(body) if body else None
        except ValueError:
            address = self._address(path)
            raise Unreachable(f"{address} does not answer in JSON: is it chaosplane?") from None

    def _address(self, path: str) -> str:
        return f"{self.url}/api/v1/{path}"


def _refusal(answer: Answer) -> Exception:
    """Problem details (RFC 9457) in lines: `field: problem`, or the rule and what lifts it."""
    try:
        problem = json.loads(answer.body)
        detail = str(problem["detail"])
        errors = [f"{row['field']}: {row['problem']}" for row in problem.get("errors", ())]
        rules = [_rule(row) for row in problem.get("refusals", ())]
    except (ValueError, KeyError, TypeError, AttributeError):
        if answer.status < 500:
            return NotDone(answer.status, [f"The server answers {answer.status}."])
        return Unreachable(f"The server answers {answer.status}.")
    if answer.status == 503:
        return Unreachable(detail)
    lines = errors or rules or [detail]
    return NotDone(answer.status, lines, is_policy=problem.get("code") == "refused")


def _rule(row: Mapping[str, str]) -> str:
    lifted = f" {row['lifted_by']}" if row.get("lifted_by") else ""
    return f"{row['rule']}: {row['because']}{lifted}"
