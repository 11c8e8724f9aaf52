"""/api/v1/audit/: the audit trail, for auditors and leadership, and whether it is whole."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.filters import InstantFilter
from exercises.domain.audit_chain import is_mark
from exercises.models import AuditEntry
from exercises.permissions import authorize
from exercises.queries.audit_log import AuditFilter, Names, by_name, entries
from exercises.services.audit_verification import verify


class AuditOut(serializers.ModelSerializer[AuditEntry]):
    """`actor_mark` is what the hash covers where a person acted: the salted digest of a name."""

    actor_name = serializers.SerializerMethodField()
    actor_mark = serializers.SerializerMethodField()
    details = serializers.SerializerMethodField()

    def get_actor_name(self, entry: AuditEntry) -> str:
        return self._names.of(entry.actor_name)

    def get_actor_mark(self, entry: AuditEntry) -> str:
        return entry.actor_name if is_mark(entry.actor_name) else ""

    def get_details(self, entry: AuditEntry) -> dict[str, Any]:
        return self._names.details(entry)

    @cached_property
    def _names(self) -> Names:
        """Of the whole page, read once."""
        shown: Any = self.parent.instance if self.parent else [self.instance]
        return Names(shown)

    class Meta:
        model = AuditEntry
        fields = (
            "seq", "at", "actor_id", "actor_name", "actor_mark", "door", "action", "object_type",
            "object_id", "details", "previous_hash", "hash",
        )  # fmt: skip


class ChainOut(serializers.Serializer[Any]):
    is_whole = serializers.BooleanField()
    entries = serializers.IntegerField(help_text="How many fit their predecessor")
    head = serializers.CharField(help_text="The hash of the last of them")
    broken_at = serializers.IntegerField(allow_null=True)


class EntryFilter(django_filters.FilterSet):
    who = django_filters.CharFilter(method="of_name")
    action = django_filters.CharFilter("action", "startswith")
    object_type = django_filters.CharFilter()
    object_id = django_filters.CharFilter()
    since = InstantFilter("at", "gte")
    until = InstantFilter("at", "lt")

    class Meta:
        model = AuditEntry
        fields: tuple[str, ...] = ()

    def of_name(self, rows: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        return by_name(rows, value)


class Audit(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Who did what to what, newest first."""

    queryset = AuditEntry.objects.none()
    serializer_class = AuditOut
    filterset_class = EntryFilter

    def get_queryset(self) -> QuerySet[AuditEntry]:
        if self.is_schema:
            return AuditEntry.objects.none()
        authorize(self.actor, "audit.read")
        return entries(AuditFilter())

    @extend_schema(responses=ChainOut, filters=False)
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def chain(self, request: Request) -> Response:
        """Walk the whole chain now and say whether it is whole."""
        authorize(self.actor, "audit.read")
        report = verify()
        return Response(
            {
                "is_whole": report.is_whole,
                "entries": report.head.seq,
                "head": report.head.hash,
                "broken_at": report.broken_at,
            }
        )
