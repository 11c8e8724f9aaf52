"""How far applications are: ladders, lifecycle, objectives, sign-offs, whose turn it is, and
the policies of an account's roles. Signing off and overriding take a person on a page."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.iam_policies import (
    ROLE_OR_USER,
    cloudformation,
    roles_of,
    terraform,
    trust_policy,
)
from exercises.domain.objectives import LONGEST_S
from exercises.models import Application, CloudAccount, Exercise, LadderOverride, MentorSignOff
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.account_roles import role_setup
from exercises.queries.ladder import evidences
from exercises.queries.lifecycle import lifecycles_of
from exercises.queries.rotation import suggested_participants
from exercises.services.objectives import set_objectives


class StepOut(serializers.Serializer[Any]):
    """One level. `held` of `judged` runs count on it; `missing` says what would open it."""

    level = serializers.IntegerField(min_value=1, max_value=5)
    name = serializers.CharField(source="level.words")
    is_offered = serializers.BooleanField(help_text="False: no template reaches it, passed over")
    is_open = serializers.BooleanField()
    held = serializers.IntegerField()
    judged = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField(allow_null=True)
    lapses_at = serializers.DateTimeField(allow_null=True)
    overridden_until = serializers.DateTimeField(
        source="override.valid_until", allow_null=True, default=None
    )


class LadderOut(serializers.Serializer[Any]):
    """`level` is open by evidence or override, `earned` by evidence alone."""

    family = serializers.CharField()
    level = serializers.IntegerField(source="ladder.level", min_value=1, max_value=5)
    earned = serializers.IntegerField(source="ladder.earned", min_value=1, max_value=5)
    needs_sign_off = serializers.BooleanField(source="ladder.needs_sign_off")
    steps = StepOut(source="ladder.steps", many=True)


class StageOut(serializers.Serializer[Any]):
    stage = serializers.IntegerField(min_value=1, max_value=5)
    name = serializers.CharField(source="stage.words")
    is_complete = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())


class LifecycleOut(serializers.Serializer[Any]):
    """`stage` is the first one that lacks something; the last one when none does."""

    stage = serializers.IntegerField(min_value=1, max_value=5)
    is_complete = serializers.BooleanField()
    stages = StageOut(source="lines", many=True)


class Objectives(StrictSerializer):
    """All three; null takes one away."""

    slo_percent = serializers.FloatField(allow_null=True)
    rto_s = serializers.IntegerField(min_value=0, max_value=LONGEST_S, allow_null=True)
    rpo_s = serializers.IntegerField(min_value=0, max_value=LONGEST_S, allow_null=True)


class SuggestedOut(serializers.Serializer[Any]):
    application = serializers.CharField(source="application.slug")
    team = serializers.CharField(source="application.team.slug")
    debt = serializers.IntegerField(source="debt.score")
    sum = serializers.CharField(source="debt.sum_words")
    reason = serializers.CharField(source="debt.reason")


class SignOffOut(serializers.ModelSerializer[MentorSignOff]):
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    mentor = serializers.CharField(source="mentor.name")
    mentor_team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = MentorSignOff
        fields = (
            "id", "application", "failure_family", "experiment", "digest", "mentor",
            "mentor_team", "note", "signed_at", "valid_until",
        )  # fmt: skip


class OverrideOut(serializers.ModelSerializer[LadderOverride]):
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    granted_by = serializers.CharField(source="granted_by.name")

    class Meta:
        model = LadderOverride
        fields = (
            "id", "application", "failure_family", "level", "reason", "granted_by",
            "granted_at", "valid_until",
        )  # fmt: skip


class OfApplication(django_filters.FilterSet):
    application = django_filters.CharFilter("application__slug")
    family = django_filters.CharFilter("failure_family")


class Standing(Resource):
    """What is worked out for one application. Levels and stages are no secret."""

    pagination_class = None
    serializer_class = LadderOut

    def _application(self, slug: str) -> Application:
        found = Application.objects.filter(slug=slug).select_related("team").first()
        if found is None:
            raise Http404("no such application")
        return found

    @extend_schema(responses=LadderOut(many=True), filters=False)
    def ladder(self, request: Request, slug: str) -> Response:
        """The confidence ladder of an application, for each failure that can happen to it."""
        application = self._application(slug)
        known = evidences([application.pk], now=database_now())
        return Response(LadderOut(known.of(application), many=True).data)

    @extend_schema(responses=LifecycleOut, filters=False)
    def lifecycle(self, request: Request, slug: str) -> Response:
        """The stage of the Resilience Lifecycle Framework, and what each stage lacks."""
        application = self._application(slug)
        found = lifecycles_of([application], now=database_now())
        return Response(LifecycleOut(found[application.pk]).data)

    @extend_schema(request=Objectives, responses=Objectives, filters=False)
    def objectives(self, request: Request, slug: str) -> Response:
        """Set the availability, the time to be back and the data that may be lost."""
        sent = Objectives(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = set_objectives(
            actor=self.actor, application=self._application(slug), **sent.validated_data
        )
        return Response(Objectives(changed).data)


class Rotation(Resource):
    pagination_class = None
    serializer_class = SuggestedOut

    @extend_schema(responses=SuggestedOut(many=True), filters=False)
    def read(self, request: Request, slug: str) -> Response:
        """Who should be invited next, by coverage debt."""
        exercise = Exercise.objects.visible_to(self.actor).filter(slug=slug).first()
        if exercise is None:
            raise Http404("no such exercise")
        found = suggested_participants(exercise, now=database_now())
        return Response(SuggestedOut(found, many=True).data)


class SignOffs(mixins.ListModelMixin, Resource):
    queryset = MentorSignOff.objects.none()
    serializer_class = SignOffOut
    filterset_class = OfApplication

    def get_queryset(self) -> QuerySet[MentorSignOff]:
        if self.is_schema:
            return MentorSignOff.objects.none()
        return MentorSignOff.objects.select_related("application", "mentor", "mentor_team")


class Overrides(mixins.ListModelMixin, Resource):
    queryset = LadderOverride.objects.none()
    serializer_class = OverrideOut
    filterset_class = OfApplication

    def get_queryset(self) -> QuerySet[LadderOverride]:
        if self.is_schema:
            return LadderOverride.objects.none()
        return LadderOverride.objects.select_related("application", "granted_by")


class PrincipalIn(StrictSerializer):
    principal = serializers.RegexField(
        f"^{ROLE_OR_USER.pattern}$",
        max_length=600,
        help_text="ARN of the role that chaosplane runs under",
        error_messages={"invalid": "a role: arn:aws:iam::<account>:role/<name>"},
    )


class RoleOut(serializers.Serializer[Any]):
    purpose = serializers.CharField()
    arn = serializers.CharField()
    policies = serializers.DictField(child=serializers.DictField())


class PoliciesOut(serializers.Serializer[Any]):
    """The external id is shown to who sets the account up."""

    trust = serializers.DictField()
    roles = RoleOut(many=True)
    cloudformation = serializers.DictField()
    terraform = serializers.CharField()


class AccountPolicies(Resource):
    serializer_class = PoliciesOut

    @extend_schema(parameters=[PrincipalIn], responses=PoliciesOut, filters=False)
    def read(self, request: Request, account_id: str) -> Response:
        """The least that the roles of an account need, as JSON, CloudFormation and Terraform."""
        sent = PrincipalIn(data=request.query_params)
        sent.is_valid(raise_exception=True)
        account = CloudAccount.objects.filter(account_id=account_id).first()
        if account is None:
            raise Http404("no such account")
        principal = sent.validated_data["principal"]
        setup = role_setup(
            account,
            principal_arn=principal,
            shows_secret=may(self.actor, "account.check", account),
        )
        roles = [
            {"purpose": role.purpose, "arn": role.arn, "policies": dict(role.policies)}
            for role in roles_of(setup)
        ]
        shown = {
            "trust": trust_policy(setup),
            "roles": roles,
            "cloudformation": cloudformation(setup),
            "terraform": terraform(setup),
        }
        return Response(PoliciesOut(shown).data)
