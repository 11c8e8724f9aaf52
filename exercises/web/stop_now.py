"""Stop without session and database: for whoever holds a stop capability.

A middleware, because it must answer before anything asks the database. It takes the very
forms that the pages post (`/exercises/<slug>/stop/`, `/runs/<id>/stop/`) and has a page of
its own, `/stop-now/`, that needs nothing but the file of targets, and to which the pages of
web.stop lead while the database does not answer. People without a capability are let through
to those pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from exercises.domain.actors import Door
from exercises.services.stop_now import (
    StopResult,
    database_answers,
    exercise_of,
    keep_refusal,
    known_targets,
    refusal_of,
    stop_now,
)
from exercises.stopping import capability as capabilities
from exercises.stopping.capability import Capability, NoCapability
from exercises.stopping.orders import Scope, StopOrder
from exercises.stopping.targets import LiveExercise, Stoppable

PAGE: Final = "/stop-now/"
_FORMS: Final = (
    (Scope.EXERCISE, re.compile(r"/exercises/([-\w]{1,60})/stop/")),
    (Scope.RUN, re.compile(r"/runs/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/stop/")),
)


def cookie_name() -> str:
    return "__Host-stop" if settings.SESSION_COOKIE_SECURE else "stop_capability"


class StopWithoutSession:
    """Answers stops before anything needs a session; gives out capabilities after pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == PAGE or _form(request) is not None:
            note = request.COOKIES.get(cookie_name())
            if note:
                answer = _answer(request)
                if answer.status_code != LET_THROUGH:
                    return answer
            elif request.path == PAGE:
                return HttpResponseRedirect(reverse("stop_everything"))
        elif _asks_what_runs(request) and not database_answers():
            return HttpResponseRedirect(PAGE)
        response = self.get_response(request)
        _renew(request, response)
        return response


LET_THROUGH: Final = 299
"""Not sent to anyone: this request is for the pages with a session."""


def _asks_what_runs(request: HttpRequest) -> bool:
    """A page about stopping, opened by somebody who can stop without it. While the database
    hangs it would never come, and nobody waits for that with a fault in production."""
    if request.method != "GET" or cookie_name() not in request.COOKIES:
        return False
    is_question = any(pattern.fullmatch(request.path) for _, pattern in _FORMS)
    return is_question or request.path == reverse("stop_everything")


def _form(request: HttpRequest) -> tuple[Scope, str] | None:
    if request.method != "POST":
        return None
    for scope, pattern in _FORMS:
        if found := pattern.fullmatch(request.path):
            return scope, found[1]
    return None


@csrf_protect
def _answer(request: HttpRequest) -> HttpResponse:
    try:
        holder = capabilities.read(
            request.COOKIES[cookie_name()],
            key=settings.SECRET_KEY,
            fallback_keys=settings.SECRET_KEY_FALLBACKS,
        )
    except NoCapability as error:
        return _refuse(request, "somebody", f"Your sign-in cannot be believed. {error}")
    known = known_targets()
    asked = _form(request) or _asked_on_our_page(request)
    if asked is None:
        return _page(request, holder, known)
    if not request.POST.get("confirm"):
        return HttpResponse(status=LET_THROUGH)
    return _stop(request, holder, known, *asked)


def _asked_on_our_page(request: HttpRequest) -> tuple[Scope, str] | None:
    if request.method != "POST":
        return None
    scope, what = request.POST.get("scope", ""), request.POST.get("what", "")
    return (Scope(scope), what) if scope in set(Scope) else None


def _stop(
    request: HttpRequest, holder: Capability, known: Stoppable, scope: Scope, what: str
) -> HttpResponse:
    refusal = refusal_of(holder, known, scope, what)
    if refusal:
        return _refuse(request, holder.name, refusal)
    exercise = exercise_of(known, scope, what)
    if exercise is None and scope is not Scope.REGION and database_answers():
        return HttpResponse(status=LET_THROUGH)
    order = StopOrder(
        scope=scope,
        what=what,
        who=holder.name,
        user_id=holder.user_id,
        door=Door.PAGE.value,
        reason=request.POST.get("reason", ""),
    )
    result = stop_now(order, known)
    is_form_of_a_page = request.path != PAGE and not _wants_json(request)
    if exercise is not None and result.is_told and is_form_of_a_page:
        run = f"?run={what}" if scope is Scope.RUN else ""
        return HttpResponseRedirect(reverse("live_room", args=[exercise.slug]) + run + "#stop")
    status = 200 if result.is_accepted else 502
    return _page(request, holder, known, status=status, result=result, stopped=exercise)


def _refuse(request: HttpRequest, who: str, because: str, *, status: int = 403) -> HttpResponse:
    keep_refusal(who=who, what=request.path, because=because)
    if _wants_json(request):
        return _json({"detail": because, "stopped": []}, status)
    return render(request, "stop/refused.html", {"because": because}, status=status)


@dataclass(frozen=True, slots=True)
class StoppableExercise:
    """An exercise on the page and how much of it runs."""

    slug: str
    name: str
    running: int


def _page(
    request: HttpRequest,
    holder: Capability,
    known: Stoppable,
    *,
    status: int = 200,
    result: StopResult | None = None,
    stopped: LiveExercise | None = None,
) -> HttpResponse:
    if result is not None and _wants_json(request):
        return _json(_as_json(result), status)
    mine = [each for each in known.exercises if holder.covers(each)]
    context = {
        "result": result,
        "room": reverse("live_room", args=[stopped.slug]) if stopped else "",
        "known_at": known.at,
        "exercises": [
            StoppableExercise(
                each.slug,
                each.name,
                sum(target.exercise == each.slug for target in known.targets),
            )
            for each in mine
        ],
        "places": [
            (f"{place.account_id}/{place.region}", known.names.get(place.account_id, ""))
            for place in known.places
        ]
        if holder.may_stop_accounts
        else [],
    }
    return render(request, "stop/now.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _json(content: dict[str, object], status: int) -> HttpResponse:
    return JsonResponse(content, status=status)


def _as_json(result: StopResult) -> dict[str, object]:
    return {
        "order": result.order.id,
        "is_accepted": result.is_accepted,
        "is_told": result.is_told,
        "problems": list(result.problems),
        "stopped": [
            {
                "experiment": receipt.target.ref,
                "run": receipt.target.run_id,
                "accounts": list(receipt.target.accounts),
                "is_accepted": receipt.is_accepted,
                "status": receipt.status,
                "message": receipt.message,
            }
            for receipt in result.receipts
        ],
    }


def _renew(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give the person who is signed in a capability of the roles held now; take it from
    who has signed out. Silent when the request never came to know who it is."""
    if not hasattr(request, "actor"):
        return
    name, actor = cookie_name(), request.actor
    note = request.COOKIES.get(name)
    if actor is None or not request.user.is_authenticated:
        if note:
            response.delete_cookie(name, samesite="Lax")
        return
    if actor.user_id is None:
        return
    wanted = capabilities.capability_of(actor)
    if note and _is_fresh(note, wanted):
        return
    response.set_cookie(
        name,
        capabilities.sign(wanted, key=settings.SECRET_KEY),
        max_age=capabilities.GOOD_FOR,
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
    )


def _is_fresh(note: str, wanted: Capability) -> bool:
    try:
        return wanted == capabilities.read(
            note, key=settings.SECRET_KEY, max_age=capabilities.RENEW_AFTER
        )
    except NoCapability:
        return False
