"""/api/v1/templates/: list, read, publish a version."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.representations import TemplateDetail, TemplateOut, VersionOut
from exercises.api.strict import StrictSerializer
from exercises.models import Template
from exercises.services.catalogue import publish_version


class VersionIn(StrictSerializer):
    """The engine's document and the schema of its parameters, as JSON text.

    Text, so that duplicate keys are seen and refused instead of silently dropped.
    """

    definition = serializers.CharField(trim_whitespace=False)
    parameters = serializers.CharField(default="[]", trim_whitespace=False)
    rung = serializers.IntegerField(min_value=1, max_value=5)
    hypothesis = serializers.CharField(default="", allow_blank=True)
    notes = serializers.CharField(default="", allow_blank=True)


class Templates(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = Template.objects.none()
    serializer_class = TemplateOut
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Template]:
        if self.is_schema:
            return Template.objects.none()
        return Template.objects.filter(retired_at=None).prefetch_related("versions")

    def get_serializer_class(self) -> Any:
        return TemplateDetail if self.action == "retrieve" else TemplateOut

    @extend_schema(request=VersionIn, responses={201: VersionOut})
    @action(detail=True, methods=["post"])
    def versions(self, request: Request, slug: str) -> Response:
        """Publish the next version. It can never be changed afterwards."""
        sent = VersionIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data
        version = publish_version(
            actor=self.actor,
            template=self.get_object(),
            definition_text=values.pop("definition"),
            parameters_text=values.pop("parameters"),
            **values,
        )
        return Response(VersionOut(version).data, status=201)
