"""/api/v1/notices/, channels/, deliveries/, and what one wishes and the policy says.

Acknowledging is a person's word, given on the page.
"""

from __future__ import annotations

from datetime import time
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.delivery_times import MailPace
from exercises.domain.notices import MUTABLE
from exercises.models import Channel, Delivery, Notice, NoticePolicy, NoticeWishes, Team, User
from exercises.permissions import authorize
from exercises.queries.notice_recipients import current_rules
from exercises.queries.notice_words import path_of, title_of
from exercises.queries.notices import deliveries_of, managed_channels, notices_of
from exercises.services import channels as services
from exercises.services.inbox import mark_read


class NoticeOut(serializers.ModelSerializer[Notice]):
    topic = serializers.CharField(source="announcement.topic")
    happened_at = serializers.DateTimeField(source="announcement.happened_at")
    text = serializers.CharField(source="announcement.text")
    title = serializers.SerializerMethodField()
    path = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = (
            "id", "topic", "title", "text", "path", "because", "needs_you", "asks_for_word",
            "happened_at", "created_at", "read_at", "acknowledged_at",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_title(self, notice: Notice) -> str:
        return title_of(notice.announcement)

    @extend_schema_field(serializers.CharField())
    def get_path(self, notice: Notice) -> str:
        return path_of(notice.announcement)


class ReadOut(serializers.Serializer[Any]):
    marked = serializers.IntegerField()


class NoticeFilter(django_filters.FilterSet):
    unread = django_filters.BooleanFilter("read_at", "isnull")
    topic = django_filters.CharFilter("announcement__topic")
    needs_you = django_filters.BooleanFilter()

    class Meta:
        model = Notice
        fields: tuple[str, ...] = ()


class Notices(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What the person of the token was told."""

    queryset = Notice.objects.none()
    serializer_class = NoticeOut
    filterset_class = NoticeFilter

    def get_queryset(self) -> QuerySet[Notice]:
        return Notice.objects.none() if self.is_schema else notices_of(self.actor)

    @extend_schema(request=None, responses=ReadOut)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark it as read."""
        notice = self.get_object()
        return Response({"marked": mark_read(actor=self.actor, notices=[notice.pk])})

    @extend_schema(request=None, responses=ReadOut, operation_id="notices_read_all")
    @action(detail=False, methods=["post"], url_path="read", url_name="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark all of them as read."""
        return Response({"marked": mark_read(actor=self.actor)})


class ChannelOut(serializers.ModelSerializer[Channel]):
    team = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )
    is_own = serializers.SerializerMethodField()

    class Meta:
        model = Channel
        fields = (
            "id", "kind", "name", "team", "is_own", "address", "is_active", "failures",
            "failing_since", "switched_off_because", "created_at",
        )  # fmt: skip

    @extend_schema_field(serializers.BooleanField())
    def get_is_own(self, channel: Channel) -> bool:
        return channel.person_id is not None


class ChannelIn(StrictSerializer):
    """A chat channel: one's own, a team's, or of everyone."""

    name = serializers.CharField(max_length=80)
    address = serializers.CharField(max_length=1000, write_only=True)
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("name"), default=None, allow_null=True
    )
    for_all = serializers.BooleanField(default=False)


class SwitchIn(StrictSerializer):
    on = serializers.BooleanField()


class AddressIn(StrictSerializer):
    address = serializers.CharField(max_length=254, allow_blank=True)


class Channels(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """The channels the person of the token manages. Addresses of chats are never shown."""

    queryset = Channel.objects.none()
    serializer_class = ChannelOut

    def get_queryset(self) -> QuerySet[Channel]:
        return Channel.objects.none() if self.is_schema else managed_channels(self.actor)

    @extend_schema(request=ChannelIn, responses={201: ChannelOut})
    def create(self, request: Request) -> Response:
        sent = ChannelIn(data=request.data)
        sent.is_valid(raise_exception=True)
        channel = services.add_chat_channel(actor=self.actor, **sent.validated_data)
        return Response(ChannelOut(channel).data, status=201)

    @extend_schema(request=None, responses={202: ChannelOut})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a test through it."""
        channel = self.get_object()
        services.try_channel(actor=self.actor, channel=channel)
        return Response(ChannelOut(channel).data, status=202)

    @extend_schema(request=AddressIn, responses=ChannelOut)
    @action(detail=True, methods=["put"])
    def address(self, request: Request, pk: str) -> Response:
        """Another address for mail than the one to sign in with; empty is that one."""
        sent = AddressIn(data=request.data)
        sent.is_valid(raise_exception=True)
        channel = services.set_mail_address(
            actor=self.actor, channel=self.get_object(), **sent.validated_data
        )
        return Response(ChannelOut(channel).data)

    @extend_schema(request=SwitchIn, responses=ChannelOut)
    @action(detail=True, methods=["post"])
    def switch(self, request: Request, pk: str) -> Response:
        """Switch it on or off."""
        sent = SwitchIn(data=request.data)
        sent.is_valid(raise_exception=True)
        channel = services.switch_channel(
            actor=self.actor, channel=self.get_object(), on=sent.validated_data["on"]
        )
        return Response(ChannelOut(channel).data)


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    topic = serializers.CharField(source="announcement.topic")
    title = serializers.SerializerMethodField()
    channel = serializers.CharField(source="channel.name")
    kind = serializers.CharField(source="channel.kind")

    class Meta:
        model = Delivery
        fields = (
            "id", "topic", "title", "channel", "kind", "state", "attempts", "not_before",
            "tried_at", "sent_at", "error",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_title(self, delivery: Delivery) -> str:
        return title_of(delivery.announcement)


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Delivery.STATES)
    topic = django_filters.CharFilter("announcement__topic")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()


class Deliveries(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What left the house and what did not; for programme leads."""

    queryset = Delivery.objects.none()
    serializer_class = DeliveryOut
    filterset_class = DeliveryFilter

    def get_queryset(self) -> QuerySet[Delivery]:
        if self.is_schema:
            return Delivery.objects.none()
        authorize(self.actor, "delivery.view")
        return deliveries_of()

    @extend_schema(request=None, responses={202: DeliveryOut})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Try again what was not delivered."""
        delivery = services.replay(actor=self.actor, delivery=self.get_object())
        return Response(DeliveryOut(delivery).data, status=202)


@extend_schema_field({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$"})
class LocalTime(serializers.TimeField):
    """A time of the day without a zone: RFC 3339, and with it OpenAPI's `time`, has one."""


class WishesIn(StrictSerializer):
    """When mail comes. Times are local to `timezone`."""

    pace = serializers.ChoiceField(choices=[(p.value, p.label) for p in MailPace], default="soon")
    timezone = serializers.CharField(max_length=64, default="Europe/Berlin")
    daily_at = LocalTime(default=time(8, 0))
    quiet_from = LocalTime(default=None, allow_null=True)
    quiet_until = LocalTime(default=None, allow_null=True)
    muted = serializers.ListField(
        child=serializers.ChoiceField(choices=[(t.value, t.value) for t in MUTABLE]), default=list
    )


class MyWishes(Resource):
    queryset = NoticeWishes.objects.none()
    serializer_class = WishesIn
    pagination_class = None
    filterset_class = None
    is_matched = True

    def get_object(self) -> NoticeWishes:
        person = self.actor.person_id
        found = NoticeWishes.objects.filter(person=person).first()
        return found or NoticeWishes(person_id=person)

    def lock(self, thing: NoticeWishes) -> None:
        """Of the person: without wishes so far there is no row of them."""
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=thing.person_id)

    def retrieve(self, request: Request) -> Response:
        """How the person of the token wants to be told."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=WishesIn, responses=WishesIn)
    def update(self, request: Request) -> Response:
        """Write all of it anew."""
        sent = WishesIn(data=request.data)
        sent.is_valid(raise_exception=True)
        authorize(self.actor, "notice.own")  # before the lock of a person, which a service is not
        with self.as_read():
            services.set_wishes(actor=self.actor, **sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)


class NoticeRulesOut(StrictSerializer):
    rules = serializers.JSONField(help_text="moment to audience to least blast radius, or null")


class NoticeRulesView(Resource):
    queryset = NoticePolicy.objects.none()
    serializer_class = NoticeRulesOut
    pagination_class = None
    filterset_class = None
    is_matched = True

    def get_object(self) -> dict[str, Any]:
        return {"rules": current_rules().as_json()}

    def lock(self, thing: Any) -> None:
        services.lock_policy()

    def retrieve(self, request: Request) -> Response:
        """Who hears of an exercise's moments, from which blast radius on."""
        authorize(self.actor, "delivery.view")
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=NoticeRulesOut, responses=NoticeRulesOut)
    def update(self, request: Request) -> Response:
        """Write all of it anew; it counts for what is told from now on."""
        sent = NoticeRulesOut(data=request.data)
        sent.is_valid(raise_exception=True)
        authorize(self.actor, "notice.policy")
        with self.as_read():
            services.write_policy(actor=self.actor, rules=sent.validated_data["rules"])
        return Response(self.get_serializer(self.get_object()).data)
