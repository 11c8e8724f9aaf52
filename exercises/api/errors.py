"""How the API says no: one translation of the error tree to problem details (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from exercises.api.authentication import NotLetIn
from exercises.api.matching import ChangedMeanwhile
from exercises.api.once import AnsweredBefore
from exercises.domain.errors import (
    ChaosplaneError,
    Conflict,
    EngineError,
    Invalid,
    NotAllowed,
    Refused,
    Unavailable,
)

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

_KINDS: Final[tuple[tuple[type[ChaosplaneError], int, str], ...]] = (
    (Invalid, 422, "What was sent is not valid"),
    (NotAllowed, 403, "Not allowed"),
    (Refused, 409, "A rule of the programme says no"),
    (Conflict, 409, "It changed since you looked"),
    (EngineError, 502, "AWS did not answer as expected"),
    (Unavailable, 503, "Not on this machine"),
)


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None lets an unforeseen error become a 500 as everywhere."""
    if isinstance(error, AnsweredBefore):
        return error.response()
    if isinstance(error, ChangedMeanwhile):
        answer: Response | None = _of_changed(error)
    else:
        answer = _of_ours(error) if isinstance(error, ChaosplaneError) else _of_drf(error)
    if answer is not None:
        set_rollback()
        answer.data["request_id"] = getattr(context.get("request"), "id", "")
        log.info(
            "api.refused",
            extra={"status": answer.status_code, "code": answer.data["code"]},
        )
    return answer


def _of_ours(error: ChaosplaneError) -> Response:
    status, title = next((s, t) for kind, s, t in _KINDS if isinstance(error, kind))
    more: dict[str, object] = {}
    if isinstance(error, Invalid):
        more["errors"] = [{"field": field, "problem": text} for field, text in error.problems]
    if isinstance(error, Refused):
        more["refusals"] = [
            {"rule": r.rule, "because": r.because, "lifted_by": r.lifted_by} for r in error.refusals
        ]
    return _problem(status, title, str(error), error.code, **more)


def _of_changed(error: ChangedMeanwhile) -> Response:
    answer = _problem(
        412,
        "It is not what you read",
        "It changed or was made since you looked, and nothing was changed now: read it again.",
        "changed",
        differences=error.differences,
    )
    answer["ETag"] = error.tag
    return answer


def _of_drf(error: Exception) -> Response | None:
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        rows = list(_flat(error.detail))
        text = "; ".join(f"{row['field']}: {row['problem']}" for row in rows)
        return _problem(422, "What was sent is not valid", text, "invalid", errors=rows)
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    codes = error.get_codes()
    more = {}
    if isinstance(error, NotLetIn):
        more["errors"] = [{"field": name, "problem": text} for name, text in error.problems]
    answer = _problem(
        error.status_code,
        str(error.default_detail).rstrip("."),
        str(error.detail),
        codes if isinstance(codes, str) else "error",
        **more,
    )
    for name, value in headers.items():
        answer[name] = value
    return answer


def _flat(detail: Any, path: str = "") -> Any:
    """DRF's nested messages as rows of field and problem."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from _flat(inner, own)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _flat(inner, f"{path}[{index}]" if nested else path)
    else:
        yield {"field": path, "problem": str(detail)}


def _problem(status: int, title: str, detail: str, code: str, **more: object) -> Response:
    body = problem(status, title, detail, code, **more)
    return Response(body, status=status, content_type=MEDIA_TYPE)


def problem(status: int, title: str, detail: str, code: str, **more: object) -> dict[str, object]:
    """A problem document, but for the id of its request."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return {**body, "code": code, **more}
