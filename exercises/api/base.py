"""What every resource shares: the actor, pages, and lists narrowed to what the actor may see."""

from __future__ import annotations

from typing import Any

from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api import once
from exercises.api.authentication import actor_of
from exercises.domain.actors import Actor
from exercises.models import KeptAnswer


class Resource(viewsets.GenericViewSet[Any]):
    """Querysets come from `visible_to(actor)` only: what is not theirs is not found."""

    actor: Actor
    kept: KeptAnswer | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.actor = actor_of(request)
        self.kept = once.begin(request, person_id=self.actor.person_id, action=self.action)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.kept is not None:
            once.keep(self.kept, answer)
        return answer

    @property
    def is_schema(self) -> bool:
        """True while the OpenAPI document is made: there is no actor then."""
        return getattr(self, "swagger_fake_view", False)
