"""A stop of the API while the database does not answer.

A middleware before everything that asks the database. The token is known by its hash from the
file that the sentinel keeps; AWS is asked as on `/stop-now/`, and the database is told when it
is back. While the database answers, the views do it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from exercises.api.errors import MEDIA_TYPE, problem
from exercises.domain.actors import Door
from exercises.services.stop_now import (
    StopResult,
    database_answers,
    keep_refusal,
    known_targets,
    refusal_of,
    stop_now,
)
from exercises.services.tokens import digest_of
from exercises.stopping.orders import Receipt, Scope, StopOrder
from exercises.stopping.stop_tokens import holder_of

_ADDRESSES: Final = (
    (Scope.RUN, re.compile(r"/api/v1/runs/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/stop/")),
    (Scope.EXERCISE, re.compile(r"/api/v1/exercises/([-\w]{1,60})/stop/")),
    (Scope.REGION, re.compile(r"/api/v1/accounts/(\d{12}/[-a-z0-9]{1,32})/stop/")),
)
_NOT_KNOWN: Final = (
    "The database does not answer, and without it this token is not known as one that may stop."
    " Nothing was stopped: stop on /stop-now/ or with the command chaosplane stop."
)


class StopWithoutDatabase:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        asked = _asked(request)
        if asked is None or database_answers():
            return self.get_response(request)
        return _stop(request, *asked, began=began)


def _asked(request: HttpRequest) -> tuple[Scope, str] | None:
    if request.method != "POST" or not _secret(request):
        return None
    for scope, pattern in _ADDRESSES:
        if found := pattern.fullmatch(request.path):
            return scope, found[1]
    return None


def _secret(request: HttpRequest) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _stop(request: HttpRequest, scope: Scope, what: str, *, began: float) -> JsonResponse:
    folder = Path(settings.CHAOSPLANE_STOP_JOURNAL)
    holder = holder_of(folder, digest_of(_secret(request)), now=datetime.now(UTC))
    if holder is None:
        return _refuse(request, "somebody", 503, "Not without the database", _NOT_KNOWN)
    known = known_targets()
    if because := refusal_of(holder, known, scope, what):
        return _refuse(request, holder.name, 403, "Not allowed", because)
    order = StopOrder(
        scope=scope,
        what=what,
        who=holder.name,
        user_id=holder.user_id,
        door=Door.API.value,
        reason=_reason(request),
    )
    return _told(request, stop_now(order, known, began=began))


def _reason(request: HttpRequest) -> str:
    """What was said with it. A stop is not refused for the form of its reason."""
    try:
        sent = json.loads(request.body or b"{}")
    except (ValueError, RecursionError, RequestDataTooBig):
        return ""
    said = sent.get("reason") if isinstance(sent, dict) else None
    return said if isinstance(said, str) else ""


def _told(request: HttpRequest, result: StopResult) -> JsonResponse:
    """As the views answer it; what could not be searched or confirmed is said as a problem."""
    stopped = [_outcome(receipt) for receipt in result.receipts]
    if result.problems:
        detail = f"Not everything is confirmed. {' '.join(result.problems)}"
        return _problem(request, 502, "Not confirmed", detail, stopped=stopped)
    if result.order.scope is not Scope.RUN:
        return JsonResponse(stopped, safe=False)
    if not stopped:
        return _refuse(
            request, result.order.who, 404, "Not there", "AWS runs no experiment of this run."
        )
    return JsonResponse(stopped[0])


def _outcome(receipt: Receipt) -> dict[str, object]:
    return {
        "run_id": receipt.target.run_id,
        "title": receipt.target.name,
        "accepted": receipt.is_accepted,
        "message": receipt.message,
    }


def _refuse(request: HttpRequest, who: str, status: int, title: str, because: str) -> JsonResponse:
    keep_refusal(who=who, what=request.path, because=because)
    return _problem(request, status, title, because)


def _problem(
    request: HttpRequest, status: int, title: str, detail: str, **more: Any
) -> JsonResponse:
    body = problem(status, title, detail, "no_database", **more)
    body["request_id"] = getattr(request, "id", "")
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)
