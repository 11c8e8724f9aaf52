"""/api/v1/tokens/ and services/: tokens of one's own and of one's teams, and what they act as."""

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
from exercises.api.shown_once import ShowsSecretOnce
from exercises.api.strict import StrictSerializer
from exercises.models import ApiToken, Team, User
from exercises.queries.tokens import services_of, tokens_of
from exercises.services import tokens as services

SCOPES = [(scope, scope) for scope in services.SCOPES]
_SHOWN = (
    "id", "name", "team", "issued_by", "prefix", "scopes", "created_at", "expires_at",
    "last_used_at", "revoked_at",
)  # fmt: skip


class TokenOut(serializers.ModelSerializer[ApiToken]):
    team = serializers.SlugField(
        source="user.service_of.slug",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="Whose service it acts as; null for one's own",
    )
    issued_by = serializers.CharField(
        source="issued_by.name",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="Who had it made for the team",
    )
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = _SHOWN


class TokenSecretOut(TokenOut):
    secret = serializers.CharField(
        read_only=True, help_text="Shown this once. Left out when an answer is given again"
    )

    class Meta(TokenOut.Meta):
        fields = (*_SHOWN, "secret")


class TokenIn(StrictSerializer):
    """Without a team: one's own."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    days = serializers.IntegerField(min_value=1, max_value=services.MAX_DAYS)
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("name"), default=None, allow_null=True
    )


class TokenFilter(django_filters.FilterSet):
    team = django_filters.CharFilter("user__service_of__slug")

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = ()


class Tokens(mixins.ListModelMixin, mixins.RetrieveModelMixin, ShowsSecretOnce):
    """The tokens of the person who asks, and of the teams that they own; a programme lead's are
    those of all teams."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenOut
    filterset_class = TokenFilter

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.none() if self.is_schema else tokens_of(self.actor)

    @extend_schema(request=TokenIn, responses={201: TokenSecretOut})
    def create(self, request: Request) -> Response:
        """Make a token: with no more scopes than the token that asks, and for no longer."""
        sent = TokenIn(data=request.data)
        sent.is_valid(raise_exception=True)
        token, secret = services.issue_token(actor=self.actor, **sent.validated_data)
        self.once = {"secret": secret}
        return Response(TokenOut(token).data, status=201)

    @extend_schema(request=None, responses=TokenOut)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End it at once."""
        token = self.get_object()
        services.revoke_token(actor=self.actor, token=token)
        return Response(TokenOut(token).data)


class ServiceOut(serializers.ModelSerializer[User]):
    team = serializers.SlugField(source="service_of.slug", read_only=True)
    tokens = serializers.IntegerField(source="alive", read_only=True, help_text="That are alive")

    class Meta:
        model = User
        fields = ("team", "name", "is_active", "tokens")


class Services(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """The machine identities of teams, each there since its first token or sign-in."""

    queryset = User.accounts.none()
    serializer_class = ServiceOut
    lookup_field = "service_of__slug"
    lookup_url_kwarg = "team"

    def get_queryset(self) -> QuerySet[User]:
        return User.accounts.none() if self.is_schema else services_of(self.actor)

    @extend_schema(request=None, responses=ServiceOut)
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, team: str) -> Response:
        """Nothing acts for the team by itself any more; its tokens end."""
        services.suspend_service(actor=self.actor, team=self._team())
        return self._shown()

    @extend_schema(request=None, responses=ServiceOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, team: str) -> Response:
        """Let it act again. The tokens it had stay ended."""
        services.resume_service(actor=self.actor, team=self._team())
        return self._shown()

    def _team(self) -> Any:
        return self.get_object().service_of

    def _shown(self) -> Response:
        return Response(ServiceOut(self.get_object()).data)
