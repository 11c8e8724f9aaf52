"""Puts the actor on the request and turns our refusals into pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from exercises.domain.actors import Door
from exercises.domain.errors import ChaosplaneError
from exercises.models import User
from exercises.permissions import actor_for
from exercises.web.errors import problem_page


class ActorMiddleware:
    """`request.actor` is who acts, with rights as they are now; None when nobody is signed in.

    Rights are read anew for each request, so a role that was taken away is gone at once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        request.actor = (  # type: ignore[attr-defined]
            actor_for(user, Door.PAGE) if isinstance(user, User) and user.is_active else None
        )
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ChaosplaneError) and not request.path.startswith("/api/"):
            return problem_page(request, exception)
        return None
