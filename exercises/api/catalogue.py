"""/api/v1/templates/: list, read, add a template, publish a version."""

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
from exercises.domain.engine_documents import FIS, KINDS
from exercises.models import Template
from exercises.services.catalogue import (
    VersionText,
    add_template_with_version,
    publish_version,
)
from exercises.services.template_imports import read_origin


class VersionIn(StrictSerializer):
    """The engine's document and the schema of its parameters, as JSON text.

    Text, so that duplicate keys are seen and refused instead of silently dropped.
    """

    definition = serializers.CharField(trim_whitespace=False)
    parameters = serializers.CharField(default="[]", trim_whitespace=False)
    rung = serializers.IntegerField(min_value=1, max_value=5)
    hypothesis = serializers.CharField(default="", allow_blank=True)
    notes = serializers.CharField(default="", allow_blank=True)
    origin = serializers.CharField(
        default="", allow_blank=True, help_text="As template-beginnings gave it out"
    )


class TemplateIn(VersionIn):
    """A template with its first version."""

    slug = serializers.SlugField(max_length=50)
    name = serializers.CharField(max_length=120)
    summary = serializers.CharField(default="", allow_blank=True)
    failure_family = serializers.SlugField(max_length=60)
    engine = serializers.ChoiceField(
        choices=[(kind.name, kind.words) for kind in KINDS.values()],
        default=FIS,
        help_text="What carries it out; the definition is a document of this engine",
    )


def _version_of(values: dict[str, Any]) -> VersionText:
    origin, detail = read_origin(values["origin"])
    return VersionText(
        definition_text=values["definition"],
        parameters_text=values["parameters"],
        rung=values["rung"],
        hypothesis=values["hypothesis"],
        notes=values["notes"],
        origin=origin,
        origin_detail=detail,
    )


class Templates(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = Template.objects.none()
    serializer_class = TemplateOut
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Template]:
        if self.is_schema:
            return Template.objects.none()
        return Template.objects.filter(retired_at=None).prefetch_related("versions__author")

    def get_serializer_class(self) -> Any:
        return TemplateDetail if self.action == "retrieve" else TemplateOut

    @extend_schema(request=VersionIn, responses={201: VersionOut})
    @action(detail=True, methods=["post"])
    def versions(self, request: Request, slug: str) -> Response:
        """Publish the next version. It can never be changed afterwards."""
        sent = VersionIn(data=request.data)
        sent.is_valid(raise_exception=True)
        version = publish_version(
            actor=self.actor,
            template=self.get_object(),
            **_version_of(sent.validated_data).as_arguments(),
        )
        return Response(VersionOut(version).data, status=201)

    @extend_schema(request=TemplateIn, responses={201: TemplateDetail})
    def create(self, request: Request) -> Response:
        """Add a template with its first version, or neither."""
        sent = TemplateIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data
        version = add_template_with_version(
            actor=self.actor,
            slug=values["slug"],
            name=values["name"],
            summary=values["summary"],
            failure_family=values["failure_family"],
            version=_version_of(values),
            engine=values["engine"],
        )
        return Response(TemplateDetail(version.template).data, status=201)
