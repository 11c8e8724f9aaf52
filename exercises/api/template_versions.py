"""/api/v1/templates/{slug}/…: what is known of one version of a template. All of it is read."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.models import Template, TemplateVersion
from exercises.queries.catalogue import version_changes
from exercises.queries.lint import problems_of_version


class WhichIn(StrictSerializer):
    """Which version; the newest when none is named."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class ChangesIn(WhichIn):
    """Which two versions; the one before when none is named."""

    since = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class ProblemOut(serializers.Serializer[Any]):
    """One place where a rule of the linter does not hold."""

    rule = serializers.CharField(source="rule_id", help_text="For ever the same, as FIS-STOP-001")
    severity = serializers.ChoiceField(source="rule.severity", choices=["error", "warning"])
    field = serializers.CharField(help_text="The dotted place in the document")  # type: ignore[assignment]
    message = serializers.CharField()
    says = serializers.CharField(source="rule.says", help_text="The rule in one sentence")
    fix = serializers.CharField(source="rule.fix")
    source = serializers.CharField(source="rule.source")  # type: ignore[assignment]


class ChangeOut(serializers.Serializer[Any]):
    """One leaf that differs; null on the side where it is missing."""

    path = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class OfVersion(Resource):
    """Of one version of a template, the newest unless `version` names another."""

    queryset = Template.objects.none()
    serializer_class = ProblemOut
    pagination_class = None

    @extend_schema(
        operation_id="template_lint",
        parameters=[WhichIn],
        responses=ProblemOut(many=True),
        filters=False,
    )
    def lint(self, request: Request, slug: str) -> Response:
        """What the linter says of it with its defaults, as in production."""
        asked = WhichIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        version = self._version(slug, asked.validated_data.get("version"))
        return Response(ProblemOut(problems_of_version(version), many=True).data)

    @extend_schema(
        operation_id="template_changes",
        parameters=[ChangesIn],
        responses=ChangeOut(many=True),
        filters=False,
    )
    def changes(self, request: Request, slug: str) -> Response:
        """What differs from another version, leaf by leaf, in the order of the paths."""
        asked = ChangesIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        after = self._version(slug, asked.validated_data.get("version"))
        before = self._version(slug, asked.validated_data.get("since") or after.number - 1)
        return Response(ChangeOut(version_changes(before, after), many=True).data)

    def _version(self, slug: str, number: int | None) -> TemplateVersion:
        template = get_object_or_404(Template, slug=slug)
        versions = template.versions.select_related("template").order_by("-number")
        found = (versions if number is None else versions.filter(number=number)).first()
        if found is None:
            raise Http404("no such version")
        return found
