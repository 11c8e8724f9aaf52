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
from exercises.domain.iam_policies import managed_policies
from exercises.domain.template_entry import entry_document
from exercises.models import CloudAccount, Template, TemplateVersion
from exercises.queries.account_roles import action_ids_of, start_policy_of
from exercises.queries.catalogue import entry_of, version_changes
from exercises.queries.lint import problems_of_version
from exercises.queries.template_uses import uses_of


class WhichIn(StrictSerializer):
    """Which version; the newest when none is named."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class ChangesIn(WhichIn):
    """Which two versions; the one before when none is named."""

    since = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class PolicyIn(WhichIn):
    """For which account; with words in place of what is its own when none is named."""

    account_id = serializers.CharField(max_length=12, required=False)


class TemplatePolicyOut(serializers.Serializer[Any]):
    """`start` is the policy of the role that starts, for this version alone."""

    actions = serializers.ListField(child=serializers.CharField())
    start = serializers.JSONField()
    managed = serializers.ListField(
        child=serializers.CharField(), help_text="What AWS keeps for the FIS role"
    )


class LintProblemOut(serializers.Serializer[Any]):
    """One place where a rule of the linter does not hold."""

    rule = serializers.CharField(source="rule_id", help_text="For ever the same, as FIS-STOP-001")
    severity = serializers.CharField(source="rule.severity", help_text="error or warning")
    field = serializers.CharField(help_text="The dotted place in the document")
    message = serializers.CharField()
    says = serializers.CharField(source="rule.says", help_text="The rule in one sentence")
    fix = serializers.CharField(source="rule.fix")
    source = serializers.CharField(source="rule.source")  # type: ignore[assignment]


class ChangeOut(serializers.Serializer[Any]):
    """One leaf that differs; null on the side where it is missing."""

    path = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class TemplateFileOut(serializers.Serializer[Any]):
    """A version as a file. It has a definition, or the name of a generator."""

    format = serializers.CharField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    failure_family = serializers.SlugField()
    engine = serializers.CharField()
    rung = serializers.IntegerField()
    hypothesis = serializers.CharField(allow_blank=True)
    notes = serializers.CharField(allow_blank=True)
    definition = serializers.JSONField(required=False)
    generator = serializers.CharField(required=False)
    parameters = serializers.JSONField()
    digest = serializers.CharField(help_text="Of what it does and asks: equal for equal content")


class UseOut(serializers.Serializer[Any]):
    """One application that proposed from the template."""

    application = serializers.SlugField(source="slug")
    team = serializers.SlugField(source="team_slug")
    newest_version = serializers.IntegerField()
    runs = serializers.IntegerField()
    last_run_at = serializers.DateTimeField(allow_null=True)
    last_held_at = serializers.DateTimeField(allow_null=True)


class OfVersion(Resource):
    """Of one version of a template, the newest unless `version` names another."""

    queryset = Template.objects.none()
    serializer_class = LintProblemOut
    pagination_class = None

    @extend_schema(
        operation_id="template_lint",
        parameters=[WhichIn],
        responses=LintProblemOut(many=True),
        filters=False,
    )
    def lint(self, request: Request, slug: str) -> Response:
        """What the linter says of it with its defaults, as in production."""
        asked = WhichIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        version = self._version(slug, asked.validated_data.get("version"))
        return Response(LintProblemOut(problems_of_version(version), many=True).data)

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

    @extend_schema(
        operation_id="template_export",
        parameters=[WhichIn],
        responses=TemplateFileOut,
        filters=False,
    )
    def export(self, request: Request, slug: str) -> Response:
        """The file that POST /templates/import/ takes, and that gives the same digest there."""
        asked = WhichIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        version = self._version(slug, asked.validated_data.get("version"))
        return Response(entry_document(entry_of(version)))

    @extend_schema(
        operation_id="template_uses",
        responses=UseOut(many=True),
        filters=False,
    )
    def uses(self, request: Request, slug: str) -> Response:
        """The applications that proposed from it, of those you may see."""
        template = get_object_or_404(Template, slug=slug)
        return Response(UseOut(uses_of(self.actor, template), many=True).data)

    @extend_schema(
        operation_id="template_policy",
        parameters=[PolicyIn],
        responses=TemplatePolicyOut,
        filters=False,
    )
    def policy(self, request: Request, slug: str) -> Response:
        """The rights that starting this version needs, for an account or with words instead."""
        asked = PolicyIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        version = self._version(slug, asked.validated_data.get("version"))
        named = asked.validated_data.get("account_id")
        account = get_object_or_404(CloudAccount, account_id=named) if named else None
        ids = action_ids_of(version)
        shown = {
            "actions": ids,
            "start": start_policy_of(version, account),
            "managed": managed_policies(ids),
        }
        return Response(TemplatePolicyOut(shown).data)

    def _version(self, slug: str, number: int | None) -> TemplateVersion:
        template = get_object_or_404(Template, slug=slug)
        versions = template.versions.select_related("template").order_by("-number")
        found = (versions if number is None else versions.filter(number=number)).first()
        if found is None:
            raise Http404("no such version")
        return found
