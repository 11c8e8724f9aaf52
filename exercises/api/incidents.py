"""/api/v1/incidents/: what other tools report; one call opens, changes, stops and resolves."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.freezes import ScopeIn
from exercises.models import Incident
from exercises.models.incidents import SEVERITIES
from exercises.queries.incidents import incidents_shown
from exercises.services import incidents as services


class IncidentOut(serializers.ModelSerializer[Incident]):
    teams = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)  # type: ignore[var-annotated]
    accounts = serializers.SlugRelatedField(slug_field="account_id", many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Incident
        fields: tuple[str, ...] = (
            "id", "source", "external_id", "title", "severity", "environments", "accounts",
            "teams", "stops", "opened_at", "changed_at", "resolved_at",
        )  # fmt: skip


class StoppedOut(serializers.Serializer[Any]):
    run_id = serializers.CharField()
    title = serializers.CharField()
    accepted = serializers.BooleanField(help_text="false: AWS is asked again until it takes it")
    message = serializers.CharField()


class ReportedOut(IncidentOut):
    stopped = StoppedOut(many=True, read_only=True)

    class Meta(IncidentOut.Meta):
        fields = (*IncidentOut.Meta.fields, "stopped")


class IncidentIn(ScopeIn):
    """All that is known now: what is left out falls back to its default."""

    external_id = serializers.CharField(
        max_length=services.MAX_ID, help_text="Names it where it comes from; sent again is once"
    )
    source = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        max_length=services.MAX_SOURCE, default="", allow_blank=True
    )
    title = serializers.CharField(max_length=services.MAX_TITLE)
    severity = serializers.ChoiceField(choices=SEVERITIES)
    status = serializers.ChoiceField(
        choices=[("open", "Open"), ("resolved", "Resolved")], default="open"
    )
    stop = serializers.BooleanField(default=False, help_text="Stop what runs in its scope")

    def report(self) -> services.Report:
        data = dict(self.validated_data)
        return services.Report(
            is_resolved=data.pop("status") == "resolved",
            environments=sorted(data.pop("environments")),
            **data,
        )


class IncidentFilter(django_filters.FilterSet):
    open = django_filters.BooleanFilter("resolved_at", "isnull")
    severity = django_filters.ChoiceFilter(choices=SEVERITIES)
    source = django_filters.CharFilter("source")
    external_id = django_filters.CharFilter("external_id")

    class Meta:
        model = Incident
        fields: tuple[str, ...] = ()


class Incidents(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """While one is open nothing starts in its scope."""

    queryset = Incident.objects.none()
    serializer_class = IncidentOut
    filterset_class = IncidentFilter

    def get_queryset(self) -> QuerySet[Incident]:
        return Incident.objects.none() if self.is_schema else incidents_shown()

    @extend_schema(request=IncidentIn, responses={200: ReportedOut})
    def create(self, request: Request) -> Response:
        """Open, change or resolve it: once for each source and external_id."""
        sent = IncidentIn(data=request.data)
        sent.is_valid(raise_exception=True)
        incident, stopped = services.report_incident(actor=self.actor, report=sent.report())
        shown = IncidentOut(incident).data | {"stopped": StoppedOut(stopped, many=True).data}
        return Response(shown, status=200)
