"""/api/v1/ci-issuers/: whose jobs of CI act for which team, and what would come of a token."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.representations import ProblemRowOut
from exercises.api.strict import StrictSerializer
from exercises.domain import ci_claims as limits
from exercises.domain.ci_claims import Condition, Rule
from exercises.models import OidcIssuer, OidcRule
from exercises.queries.ci_issuers import issuers_seen_by
from exercises.services import ci_issuers as services
from exercises.services.ci_sign_in import LONGEST, Judgement

SCOPES = [(scope, scope) for scope in limits.SCOPES]


class ConditionOut(serializers.Serializer[Any]):
    claim = serializers.CharField()
    pattern = serializers.CharField(help_text="* stands for any characters")


class CiRuleOut(serializers.Serializer[OidcRule]):
    team = serializers.SlugField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    conditions = ConditionOut(many=True)

    def to_representation(self, row: OidcRule) -> dict[str, Any]:
        return super().to_representation(row.rule)  # type: ignore[arg-type]


class CiIssuerOut(serializers.ModelSerializer[OidcIssuer]):
    rules = CiRuleOut(many=True, read_only=True)
    key_ids = serializers.SerializerMethodField(help_text="Of the last good copy of its keys")

    class Meta:
        model = OidcIssuer
        fields = (
            "id", "url", "audience", "is_active", "rules", "key_ids", "keys_read_at",
            "keys_problem", "created_at",
        )  # fmt: skip

    def get_key_ids(self, issuer: OidcIssuer) -> list[str]:
        return [key["kid"] for key in issuer.keys]


class ConditionIn(StrictSerializer):
    claim = serializers.CharField(max_length=100)
    pattern = serializers.CharField(
        max_length=limits.LONGEST_PATTERN, help_text="* stands for any characters"
    )


class CiRuleIn(StrictSerializer):
    team = serializers.CharField(max_length=50)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    conditions = serializers.ListField(
        child=ConditionIn(), min_length=1, max_length=limits.MOST_CONDITIONS
    )


class CiIssuerChangeIn(StrictSerializer):
    audience = serializers.RegexField(rf"^{services.AUDIENCE}$", max_length=services.LONGEST)
    rules = serializers.ListField(
        child=CiRuleIn(),
        max_length=limits.MOST_RULES,
        help_text="In their order: the first that fits decides",
    )
    is_active = serializers.BooleanField(default=True)


class CiIssuerIn(CiIssuerChangeIn):
    url = serializers.CharField(
        max_length=services.LONGEST, help_text="https, as iss in its tokens says"
    )


class TryIn(StrictSerializer):
    token = serializers.CharField(max_length=LONGEST, help_text="Neither kept nor logged")


class TriedRuleOut(serializers.Serializer[Any]):
    rule = CiRuleOut(source="row")
    why_not = serializers.CharField(help_text="Empty where it lets the job in")


class JudgementOut(serializers.Serializer[Judgement]):
    lets_in = serializers.BooleanField()
    algorithm = serializers.CharField()
    kid = serializers.CharField()
    problems = serializers.SerializerMethodField()
    rules = TriedRuleOut(source="tried", many=True)

    @extend_schema_field(ProblemRowOut(many=True))
    def get_problems(self, found: Judgement) -> list[dict[str, str]]:
        return [{"field": claim, "problem": text} for claim, text in found.problems]


def _rules(sent: list[Any]) -> list[Rule]:
    return [
        Rule(
            row["team"],
            tuple(row["scopes"]),
            tuple(Condition(one["claim"], one["pattern"]) for one in row["conditions"]),
        )
        for row in sent
    ]


class CiIssuers(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """For programme leads; nobody else has any."""

    queryset = OidcIssuer.objects.none()
    serializer_class = CiIssuerOut
    is_matched = True

    def get_queryset(self) -> QuerySet[OidcIssuer]:
        return OidcIssuer.objects.none() if self.is_schema else issuers_seen_by(self.actor)

    @extend_schema(request=CiIssuerIn, responses={201: CiIssuerOut})
    def create(self, request: Request) -> Response:
        """Take tokens of this CI from now on; its keys are read at once."""
        sent = CiIssuerIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        rules = _rules(values.pop("rules"))
        issuer = services.add_issuer(actor=self.actor, rules=rules, **values)
        return Response(CiIssuerOut(issuer).data, status=201)

    @extend_schema(request=CiIssuerChangeIn, responses=CiIssuerOut)
    def update(self, request: Request, pk: str) -> Response:
        """Another audience, other rules, or off; its address stays."""
        with self.as_read() as issuer:
            sent = CiIssuerChangeIn(data=request.data)
            sent.is_valid(raise_exception=True)
            values = dict(sent.validated_data)
            rules = _rules(values.pop("rules"))
            services.change_issuer(actor=self.actor, issuer=issuer, rules=rules, **values)
        return Response(CiIssuerOut(self.get_object()).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take its tokens no more."""
        services.remove_issuer(actor=self.actor, issuer=self.get_object())
        return Response(status=204)

    @extend_schema(request=TryIn, responses=JudgementOut)
    @action(detail=False, methods=["post"], url_path="try", url_name="try")
    def look(self, request: Request) -> Response:
        """What would come of a token, and which rule fits or why not. It lets nobody in."""
        sent = TryIn(data=request.data)
        sent.is_valid(raise_exception=True)
        found = services.try_token(actor=self.actor, token=sent.validated_data["token"])
        return Response(JudgementOut(found).data)
