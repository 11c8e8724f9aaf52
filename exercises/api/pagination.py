"""Pages of a list: `?page_size=50`, then what `next` and `previous` name.

A cursor is the place of a row in the order of its list, so rows that come and go meanwhile
neither repeat nor hide others, and nothing is counted. It is signed for one list with its
filters: what is not ours is refused before it reaches the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Self
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exercises.domain.errors import Invalid

CURSOR: Final = "cursor"
PAGE_SIZE: Final = "page_size"
PAGING: Final = (CURSOR, PAGE_SIZE)
DEFAULT_SIZE: Final = 25
LARGEST_SIZE: Final = 100

_NOT_OURS: Final = (
    "is no cursor of this list with these filters; leave it out to begin, then follow next"
)
_LINK: Final = {"type": "string", "format": "uri", "nullable": True}


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order; `path` crosses relations by two underscores."""

    path: str
    falls: bool

    def reversed(self) -> Self:
        return type(self)(self.path, not self.falls)

    def __str__(self) -> str:
        return f"-{self.path}" if self.falls else self.path


Order = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """After which row a page begins, or before which it ends. No row: the first, the last page."""

    is_back: bool = False
    at: tuple[Any, ...] | None = None


class Pages(BasePagination):
    def paginate_queryset(  # type: ignore[override]  # a list without an order has no place
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Raises Invalid for what is no size and no cursor of this list."""
        size, order = _page_size(request), order_of(queryset)
        asked = request.query_params.get(CURSOR)
        self._request, self._signer = request, _signer(request, order)
        cursor = Cursor() if asked is None else self._read(asked)
        found = list(_rows(queryset, order, cursor)[: size + 1])
        goes_on, page = len(found) > size, found[:size]
        if cursor.is_back:
            page.reverse()
            is_after, is_before = cursor.at is not None, goes_on
        else:
            is_after, is_before = goes_on, cursor.at is not None
        # A page that has emptied meanwhile lies between the first one and the last one.
        first, last = (_place(row, order) for row in (page[0], page[-1])) if page else (None, None)
        self._next = self._link(Cursor(at=last)) if is_after else None
        self._previous = self._link(Cursor(is_back=True, at=first)) if is_before else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": _LINK, "previous": _LINK, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE}
        return [
            _parameter(CURSOR, "Where a page begins: taken from next or previous", "string"),
            _parameter(PAGE_SIZE, "Rows a page", "integer") | {"schema": size},
        ]

    def _link(self, cursor: Cursor) -> str:
        written = self._signer.sign_object(
            [cursor.is_back, None if cursor.at is None else [_plain(value) for value in cursor.at]]
        )
        query = self._request.query_params.copy()
        query[CURSOR] = written
        return self._request.build_absolute_uri(f"{self._request.path}?{query.urlencode()}")

    def _read(self, text: str) -> Cursor:
        try:
            is_back, at = self._signer.unsign_object(text)
        except BadSignature:
            raise Invalid(CURSOR, _NOT_OURS) from None
        return Cursor(is_back, None if at is None else tuple(at))


def order_of(rows: QuerySet[Any]) -> Order:
    """The order of a list, made whole by the primary key where it does not name a row."""
    meta = rows.model._meta
    named = rows.query.order_by or (meta.ordering if rows.query.default_ordering else ())
    terms = [Term(name.removeprefix("-"), name.startswith("-")) for name in map(str, named)]
    unique = {field.name for field in meta.fields if field.unique and not field.null} | {"pk"}
    if unique.isdisjoint(term.path for term in terms):
        terms.append(Term("pk", terms[-1].falls if terms else False))
    return tuple(terms)


def _rows(rows: QuerySet[Any], order: Order, cursor: Cursor) -> QuerySet[Any]:
    """What comes after the place, or before it with the nearest first."""
    order = tuple(term.reversed() for term in order) if cursor.is_back else order
    if cursor.at is not None:
        rows = rows.filter(_beyond(order, cursor.at))
    return rows.order_by(*map(str, order))


def _beyond(order: Order, at: tuple[Any, ...]) -> Q:
    """The first column at or beyond its value lets an index begin there; then the first column
    that differs decides."""
    found, same = Q(), Q()
    for term, value in zip(order, at, strict=True):
        side = "lt" if term.falls else "gt"
        found |= same & Q(**{f"{term.path}__{side}": value})
        same &= Q(**{term.path: value})
    side = "lte" if order[0].falls else "gte"
    return Q(**{f"{order[0].path}__{side}": at[0]}) & found


def _place(row: Model, order: Order) -> tuple[Any, ...]:
    return tuple(attrgetter(term.path.replace("__", "."))(row) for term in order)


def _plain(value: object) -> str | int | float:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"a list cannot be in the order of {type(value).__name__}")


def _signer(request: Request, order: Order) -> Signer:
    asked: QueryDict = request.query_params
    filters = sorted((name, values) for name, values in asked.lists() if name not in PAGING)
    return Signer(salt=repr((__name__, request.path, filters, [str(term) for term in order])))


def _page_size(request: Request) -> int:
    asked = request.query_params.get(PAGE_SIZE)
    if asked is None:
        return DEFAULT_SIZE
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= 4
    if not is_number or not 1 <= int(asked) <= LARGEST_SIZE:
        raise Invalid(PAGE_SIZE, f"a whole number from 1 to {LARGEST_SIZE}")
    return int(asked)


def _parameter(name: str, words: str, kind: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": words,
        "schema": {"type": kind},
    }
