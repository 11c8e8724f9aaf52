"""/api/v1/audit/: the audit trail, for auditors and leadership, and whether it is whole."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.models import AuditEntry
from exercises.permissions import authorize
from exercises.queries.audit_log import AuditFilter, entries
from exercises.services.audit_verification import verify


class AuditOut(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = (
            "seq", "at", "actor_id", "actor_name", "door", "action", "object_type", "object_id",
            "details", "previous_hash", "hash",
        )  # fmt: skip


class ChainOut(serializers.Serializer[Any]):
    is_whole = serializers.BooleanField()
    entries = serializers.IntegerField(help_text="How many fit their predecessor")
    head = serializers.CharField(help_text="The hash of the last of them")
    broken_at = serializers.IntegerField(allow_null=True)


class EntryFilter(django_filters.FilterSet):
    who = django_filters.CharFilter("actor_name", "icontains")
    action = django_filters.CharFilter("action", "startswith")
    object_type = django_filters.CharFilter()
    object_id = django_filters.CharFilter()
    since = django_filters.IsoDateTimeFilter("at", "gte")
    until = django_filters.IsoDateTimeFilter("at", "lt")

    class Meta:
        model = AuditEntry
        fields: tuple[str, ...] = ()


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
