"""Filters of a list, strictly: a parameter that nobody knows must not silently filter nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.permissions import SAFE_METHODS
from rest_framework.views import APIView

from exercises.api.pagination import PAGING
from exercises.api.sparse import FIELDS
from exercises.domain.errors import Invalid

_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")


class _InstantField(IsoDateTimeField):
    """In UTC from here on: PostgreSQL knows no offset of 16 hours and more."""

    def to_python(self, value: Any) -> datetime | None:
        instant = super().to_python(value)
        try:
            return instant.astimezone(UTC) if instant else None
        except OverflowError as error:
            raise ValidationError("lies outside the years 1 to 9999 in UTC") from error


class InstantFilter(django_filters.IsoDateTimeFilter):
    """An instant with its offset, whatever offset RFC 3339 allows."""

    field_class = _InstantField


class StrictFilters(DjangoFilterBackend):
    """Refuses parameters that are unknown, empty, given twice or no truth value, by name."""

    def filter_queryset(
        self, request: HttpRequest, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        found = self.get_filterset_class(view, queryset)
        filters = found.base_filters if found is not None else {}
        takes_fields = request.method in SAFE_METHODS and getattr(view, "takes_fields", False)
        others = (*PAGING, FIELDS) if takes_fields else PAGING
        others += getattr(view, "also_asked", {}).get(getattr(view, "action", ""), ())
        problems = [
            (name, problem)
            for name, values in request.GET.lists()
            if (problem := _problem(name, values, filters, others))
        ]
        if problems:
            raise Invalid.of(problems)
        return super().filter_queryset(request, queryset, view)


def _problem(name: str, values: list[str], filters: dict[str, Any], others: tuple[str, ...]) -> str:
    if name not in filters and name not in others:
        return f"is no parameter of this list; known are {', '.join([*filters, *others])}"
    if len(values) > 1:
        return "is given more than once"
    if not values[0]:
        return "is empty; leave it out instead"
    is_truth = isinstance(filters.get(name), django_filters.BooleanFilter)
    if is_truth and values[0] not in ("true", "false"):
        return "true or false"
    is_number = isinstance(filters.get(name), django_filters.NumberFilter)
    if is_number and not _WHOLE.fullmatch(values[0]):
        return "a whole number of at most 15 digits"
    return ""
