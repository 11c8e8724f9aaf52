"""What every resource shares: the actor, pages, and lists narrowed to what the actor may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers, viewsets
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from exercises.api import matching, once, sparse
from exercises.api.authentication import actor_of
from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.models import KeptAnswer

FORMAT: Final = str(api_settings.URL_FORMAT_OVERRIDE)
Shown = TypeVar("Shown", bound=serializers.BaseSerializer[Any])


class Resource(viewsets.GenericViewSet[Any]):
    """Querysets come from `visible_to(actor)` only: what is not theirs is not found."""

    actor: Actor
    kept: KeptAnswer | None = None
    is_sparse = False
    """True where an action other than list and retrieve takes `?fields=`."""
    also_asked: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Parameters of an address that an action reads itself, beside filters and pages."""
    is_matched = False
    """True where `update` is done within `as_read`, and so heeds If-Match."""
    is_made_by_update = False
    """True where `update` makes what is not there, and so heeds If-None-Match."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\0" in str(named) for named in kwargs.values()):
            raise Http404("PostgreSQL knows no text with a NUL, so nothing is called that")
        self.actor = actor_of(request)
        self._check_header(request)
        if request.query_params.get(FORMAT) == "":  # DRF takes it for one that was left out
            raise Invalid(FORMAT, "is empty; leave it out instead")
        self.kept = once.begin(request, person_id=self.actor.person_id, action=self.action)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.kept is not None:
            once.keep(self.kept, answer)
        return self._tagged(request, answer)

    @property
    def takes_fields(self) -> bool:
        return self.is_sparse or self.action in {"list", "retrieve"}

    @contextmanager
    def as_read(self) -> Iterator[Any]:
        """What is to be changed: with If-Match locked, and still as the caller read it.
        Raises ChangedMeanwhile."""
        thing = self.get_object()
        if matching.IF_MATCH not in self.request.headers:
            yield thing
            return
        with transaction.atomic():
            self.lock(thing)
            thing = self.get_object()
            matching.check(self.request, self.get_serializer(thing).data)
            yield thing

    def lock(self, thing: Any) -> None:
        """Hold the row as the use case that changes it does."""
        rows = type(thing)._default_manager.select_for_update(of=("self",), no_key=True)
        rows.get(pk=thing.pk)

    def _check_header(self, request: Request) -> None:
        """A condition that nobody looks at must not be silently dropped."""
        if request.method not in {"PUT", "PATCH", "DELETE"}:
            return
        is_heeded = {
            matching.IF_MATCH: self.is_matched, matching.IF_NONE_MATCH: self.is_made_by_update
        }  # fmt: skip
        for name, is_looked_at in is_heeded.items():
            if name in request.headers and not (is_looked_at and self.action == "update"):
                raise Invalid(name, "is not looked at here; leave it out")

    def _tagged(self, request: Request, answer: Response) -> Response:
        """With the ETag, where it shows all of one thing."""
        shown = getattr(getattr(answer, "data", None), "serializer", None)
        is_whole = sparse.FIELDS not in request.query_params
        is_one = answer.status_code == 200 and self.action in {"retrieve", "update"}
        if not (is_one and is_whole and type(shown) is self.get_serializer_class()):
            return answer
        tag = matching.tag_of(answer.data)
        if request.method in SAFE_METHODS and matching.is_known(request, tag):
            answer.data, answer.status_code = None, 304
        answer["ETag"] = tag
        return answer

    def get_serializer(self, *args: Any, **kwargs: Any) -> serializers.BaseSerializer[Any]:
        return self.narrowed(super().get_serializer(*args, **kwargs))

    def narrowed(self, shown: Shown) -> Shown:
        """With the fields only that were asked for."""
        if self.request.method in SAFE_METHODS and self.takes_fields:
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
