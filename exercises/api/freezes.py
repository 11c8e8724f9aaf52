"""/api/v1/freezes/: list, read, declare, change, lift; calendars they are read from.

An exception from a freeze is a person's word, given on a page.
"""

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
from exercises.api.filters import InstantFilter
from exercises.api.strict import StrictSerializer
from exercises.models import CloudAccount, FreezeSource, FreezeWindow, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now
from exercises.queries.freezes import freezes_shown, reason_shown
from exercises.services.freeze_sources import add_source, read_soon, remove_source
from exercises.services.freezes import Scope, change_freeze, declare_freeze, lift_freeze


class FreezeOut(serializers.ModelSerializer[FreezeWindow]):
    teams = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)  # type: ignore[var-annotated]
    accounts = serializers.SlugRelatedField(slug_field="account_id", many=True, read_only=True)  # type: ignore[var-annotated]
    declared_by = serializers.CharField(source="declared_by.name", default=None)
    source = serializers.CharField(source="source.name", default=None, allow_null=True)  # type: ignore[assignment]
    reason = serializers.SerializerMethodField(
        help_text="Empty for who may not read what a calendar elsewhere says"
    )

    class Meta:
        model = FreezeWindow
        fields = (
            "id", "name", "reason", "starts_at", "ends_at", "environments", "accounts", "teams",
            "declared_by", "source", "lifted_at", "lifted_because",
        )  # fmt: skip

    def get_reason(self, freeze: FreezeWindow) -> str:
        return reason_shown(self.context["view"].actor, freeze)


class ScopeIn(StrictSerializer):
    """Whom it concerns; what is left out means all of it."""

    environments = serializers.MultipleChoiceField(choices=ENVIRONMENTS, default=set)
    accounts = serializers.SlugRelatedField(
        slug_field="account_id",
        queryset=CloudAccount.objects.order_by("name"),
        many=True,
        required=False,
    )
    teams = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("slug"), many=True, required=False
    )


class FreezeIn(ScopeIn):
    name = serializers.CharField(max_length=120)
    reason = serializers.CharField(max_length=500, default="", allow_blank=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()

    def values(self) -> dict[str, Any]:
        data = dict(self.validated_data)
        scope = Scope(
            sorted(data.pop("environments")), data.pop("accounts", ()), data.pop("teams", ())
        )
        return data | {"scope": scope}


class LiftIn(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class FreezeFilter(django_filters.FilterSet):
    ends_after = InstantFilter("ends_at", "gt")
    starts_before = InstantFilter("starts_at", "lt")
    team = django_filters.CharFilter("teams__slug")
    lifted = django_filters.BooleanFilter("lifted_at", "isnull", exclude=True)

    class Meta:
        model = FreezeWindow
        fields: tuple[str, ...] = ()


class Freezes(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = FreezeWindow.objects.none()
    serializer_class = FreezeOut
    filterset_class = FreezeFilter
    is_matched = True

    def get_queryset(self) -> QuerySet[FreezeWindow]:
        if self.is_schema:
            return FreezeWindow.objects.none()
        return freezes_shown(show="", now=database_now())

    @extend_schema(request=FreezeIn, responses={201: FreezeOut})
    def create(self, request: Request) -> Response:
        """From now on nothing starts in it."""
        sent = FreezeIn(data=request.data)
        sent.is_valid(raise_exception=True)
        freeze = declare_freeze(actor=self.actor, **sent.values())
        return Response(self.get_serializer(freeze).data, status=201)

    @extend_schema(request=FreezeIn, responses=FreezeOut)
    def update(self, request: Request, pk: str) -> Response:
        """Another window or scope."""
        sent = FreezeIn(data=request.data)
        sent.is_valid(raise_exception=True)
        with self.as_read() as freeze:
            change_freeze(actor=self.actor, freeze=freeze, **sent.values())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=LiftIn, responses=FreezeOut)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Let things start again before its end."""
        sent = LiftIn(data=request.data)
        sent.is_valid(raise_exception=True)
        lift_freeze(actor=self.actor, freeze=self.get_object(), **sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)


class FreezeCalendarOut(serializers.ModelSerializer[FreezeSource]):
    """The address is left out: whoever has it can read the calendar."""

    class Meta:
        model = FreezeSource
        fields = ("id", "name", "timezone", "environments", "tried_at", "good_at", "problem")


class FreezeCalendarIn(ScopeIn):
    name = serializers.CharField(max_length=120)
    url = serializers.CharField(max_length=1000)
    timezone = serializers.CharField(max_length=64, default="UTC")


class FreezeCalendars(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = FreezeSource.objects.none()
    serializer_class = FreezeCalendarOut
    filterset_class = None

    def get_queryset(self) -> QuerySet[FreezeSource]:
        return FreezeSource.objects.filter(removed_at__isnull=True)

    @extend_schema(request=FreezeCalendarIn, responses={201: FreezeCalendarOut})
    def create(self, request: Request) -> Response:
        """Read freezes from this address from now on."""
        sent = FreezeCalendarIn(data=request.data)
        sent.is_valid(raise_exception=True)
        source = add_source(actor=self.actor, **sent.validated_data)
        return Response(FreezeCalendarOut(source).data, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Stop reading it and lift what it froze."""
        remove_source(actor=self.actor, source=self.get_object())
        return Response(status=204)

    @extend_schema(request=None, responses=FreezeCalendarOut)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Read it within seconds rather than within the hour."""
        source = self.get_object()
        read_soon(actor=self.actor, source=source)
        return Response(FreezeCalendarOut(source).data)
