"""What every resource shares: the actor, pages, and lists narrowed to what the actor may see."""

from __future__ import annotations

from typing import Any

from rest_framework import viewsets
from rest_framework.request import Request

from exercises.api.authentication import actor_of
from exercises.domain.actors import Actor


class Resource(viewsets.GenericViewSet[Any]):
    """Querysets come from `visible_to(actor)` only: what is not theirs is not found."""

    actor: Actor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.actor = actor_of(request)

    @property
    def is_schema(self) -> bool:
        """True while the OpenAPI document is made: there is no actor then."""
        return getattr(self, "swagger_fake_view", False)
