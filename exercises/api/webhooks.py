"""/api/v1/webhooks/ and webhook-deliveries/: who is called, and how that went."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.shown_once import ShowsSecretOnce
from exercises.api.strict import StrictSerializer
from exercises.domain.webhooks import CHOOSABLE
from exercises.models import Team, WebhookDelivery, WebhookEndpoint
from exercises.queries.webhooks import deliveries_of, managed_endpoints
from exercises.services import webhooks as services

_KINDS = [(kind.value, kind.words) for kind in CHOOSABLE]
_SHOWN = (
    "id", "team", "url", "description", "events", "is_asked", "is_active", "failures",
    "failing_since", "switched_off_because", "old_secret_until", "created_at",
)  # fmt: skip


class WebhookOut(serializers.ModelSerializer[WebhookEndpoint]):
    team = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )
    events = serializers.ListField(child=serializers.ChoiceField(choices=_KINDS))

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = _SHOWN


class WebhookSecretOut(WebhookOut):
    secret = serializers.CharField(
        read_only=True, help_text="Shown this once. Left out when an answer is given again"
    )

    class Meta(WebhookOut.Meta):
        fields = (*_SHOWN, "secret")


class WebhookChangeIn(StrictSerializer):
    url = serializers.CharField(max_length=1000, help_text="https, on the public internet")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=_KINDS), default=list, max_length=len(_KINDS)
    )
    is_asked = serializers.BooleanField(
        default=False, help_text="Asked before each start, which it may refuse"
    )
    description = serializers.CharField(
        max_length=services.MAX_DESCRIPTION, default="", allow_blank=True
    )


class WebhookIn(WebhookChangeIn):
    """Without a team: of the whole organisation."""

    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("name"), default=None, allow_null=True
    )


class WebhookSwitchIn(StrictSerializer):
    on = serializers.BooleanField()


class WebhookFilter(django_filters.FilterSet):
    team = django_filters.CharFilter("team__slug")
    is_active = django_filters.BooleanFilter("is_active")

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = ()


class WebhookDeliveryOut(serializers.ModelSerializer[WebhookDelivery]):
    event = serializers.UUIDField(source="event_id", read_only=True)
    kind = serializers.CharField(source="event.kind")
    subject = serializers.CharField(source="event.subject")
    happened_at = serializers.DateTimeField(source="event.happened_at")
    webhook = serializers.IntegerField(source="endpoint_id", read_only=True)
    body = serializers.SerializerMethodField(help_text="What was sent: CloudEvents 1.0")

    class Meta:
        model = WebhookDelivery
        fields = (
            "id", "webhook", "event", "kind", "subject", "happened_at", "state", "attempts",
            "not_before", "tried_at", "sent_at", "status", "answer", "error", "body",
        )  # fmt: skip

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_body(self, delivery: WebhookDelivery) -> Any:
        return delivery.event.document


class WebhookDeliveryFilter(django_filters.FilterSet):
    webhook = django_filters.NumberFilter("endpoint_id", min_value=1, max_value=2**63 - 1)
    state = django_filters.ChoiceFilter(choices=WebhookDelivery.STATES)
    kind = django_filters.CharFilter("event__kind")

    class Meta:
        model = WebhookDelivery
        fields: tuple[str, ...] = ()


class Webhooks(mixins.ListModelMixin, mixins.RetrieveModelMixin, ShowsSecretOnce):
    """The endpoints of teams that the person of the token owns; a programme lead's are all."""

    queryset = WebhookEndpoint.objects.none()
    serializer_class = WebhookOut
    filterset_class = WebhookFilter

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.none() if self.is_schema else managed_endpoints(self.actor)

    @extend_schema(request=WebhookIn, responses={201: WebhookSecretOut})
    def create(self, request: Request) -> Response:
        """Call this address from now on."""
        sent = WebhookIn(data=request.data)
        sent.is_valid(raise_exception=True)
        endpoint, secret = services.add_endpoint(actor=self.actor, **sent.validated_data)
        self.once = {"secret": secret}
        return Response(WebhookOut(endpoint).data, status=201)

    @extend_schema(request=WebhookChangeIn, responses=WebhookOut)
    def update(self, request: Request, pk: str) -> Response:
        """Another address or other events; team and secret stay."""
        sent = WebhookChangeIn(data=request.data)
        sent.is_valid(raise_exception=True)
        endpoint = services.change_endpoint(
            actor=self.actor, endpoint=self.get_object(), **sent.validated_data
        )
        return Response(WebhookOut(endpoint).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Call it no more; its log goes, too."""
        services.remove_endpoint(actor=self.actor, endpoint=self.get_object())
        return Response(status=204)

    @extend_schema(request=None, responses=WebhookSecretOut)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Another secret; for 24 hours both sign."""
        endpoint, secret = services.rotate_secret(actor=self.actor, endpoint=self.get_object())
        self.once = {"secret": secret}
        return Response(WebhookOut(endpoint).data)

    @extend_schema(request=WebhookSwitchIn, responses=WebhookOut)
    @action(detail=True, methods=["post"])
    def switch(self, request: Request, pk: str) -> Response:
        """Switch it on or off."""
        sent = WebhookSwitchIn(data=request.data)
        sent.is_valid(raise_exception=True)
        endpoint = services.switch_endpoint(
            actor=self.actor, endpoint=self.get_object(), on=sent.validated_data["on"]
        )
        return Response(WebhookOut(endpoint).data)

    @extend_schema(request=None, responses={202: WebhookDeliveryOut})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send it a test."""
        delivery = services.try_endpoint(actor=self.actor, endpoint=self.get_object())
        return Response(WebhookDeliveryOut(delivery).data, status=202)


class WebhookDeliveries(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What was sent to these endpoints, and the last answer to it."""

    queryset = WebhookDelivery.objects.none()
    serializer_class = WebhookDeliveryOut
    filterset_class = WebhookDeliveryFilter

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        return WebhookDelivery.objects.none() if self.is_schema else deliveries_of(self.actor)

    @extend_schema(request=None, responses={202: WebhookDeliveryOut})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Send it again, with the id it had."""
        delivery = services.replay_delivery(actor=self.actor, delivery=self.get_object())
        return Response(WebhookDeliveryOut(delivery).data, status=202)
