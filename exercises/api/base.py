"""What every resource shares: the actor, pages, and lists narrowed to what the actor may see."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import QuerySet
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api import once, sparse
from exercises.api.authentication import actor_of
from exercises.domain.actors import Actor
from exercises.models import KeptAnswer

Shown = TypeVar("Shown", bound=serializers.BaseSerializer[Any])


class Resource(viewsets.GenericViewSet[Any]):
    """Querysets come from `visible_to(actor)` only: what is not theirs is not found."""

    actor: Actor
    kept: KeptAnswer | None = None
    is_sparse = False
    """True where an action other than list and retrieve takes `?fields=`."""

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
    def takes_fields(self) -> bool:
        return self.is_sparse or self.action in {"list", "retrieve"}

    def get_serializer(self, *args: Any, **kwargs: Any) -> serializers.BaseSerializer[Any]:
        return self.narrowed(super().get_serializer(*args, **kwargs))

    def narrowed(self, shown: Shown) -> Shown:
        """With the fields only that were asked for."""
        if self.request.method == "GET" and self.takes_fields:
            sparse.narrow(shown, self.request.query_params.get(sparse.FIELDS))
        return shown

    def page_of(self, rows: QuerySet[Any], kind: type[serializers.BaseSerializer[Any]]) -> Response:
        """A page of what belongs to one thing."""
        shown = kind(self.paginate_queryset(rows), many=True, context=self.get_serializer_context())
        return self.get_paginated_response(self.narrowed(shown).data)

    @property
    def is_schema(self) -> bool:
        """True while the OpenAPI document is made: there is no actor then."""
        return getattr(self, "swagger_fake_view", False)
