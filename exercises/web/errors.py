"""How a page says no: one translation of the error tree for all pages."""

from __future__ import annotations

import logging
from collections import defaultdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

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

_STATUS: dict[type[ChaosplaneError], tuple[int, str]] = {
    Invalid: (422, "Something is not right yet"),
    NotAllowed: (403, "You may not do this"),
    Refused: (409, "A rule of the programme says no"),
    Conflict: (409, "It changed since you looked"),
    EngineError: (502, "AWS did not answer as expected"),
    Unavailable: (503, "Not on this machine"),
}


def problem_page(request: HttpRequest, error: ChaosplaneError) -> HttpResponse:
    """The page, or for htmx the piece, that says what was refused and what would lift it."""
    status, title = next(
        (found for kind, found in _STATUS.items() if isinstance(error, kind)),
        (400, "That did not work"),
    )
    log.info("page.refused", extra={"code": error.code, "why": str(error)})
    template = "parts/_problem.html" if request.headers.get("HX-Request") else "problem.html"
    context = {
        "title": title,
        "message": str(error),
        "refusals": getattr(error, "refusals", ()),
        "problems": getattr(error, "problems", ()),
        "reference": getattr(request, "id", ""),
        "status": status,
    }
    return render(request, template, context, status=status)


def form_errors(error: Invalid) -> dict[str, list[str]]:
    """The problems by field, for a form that is shown again with what was typed."""
    found: dict[str, list[str]] = defaultdict(list)
    for field, problem in error.problems:
        found[field].append(problem)
    return dict(found)
