"""/api/v1/feeds/: addresses of calendars of one's own: list, make, revoke."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.shown_once import ShowsSecretOnce
from exercises.api.strict import StrictSerializer
from exercises.models import CalendarFeed, Team
from exercises.models.calendar_feeds import WHAT
from exercises.services.calendar_feeds import create_feed, revoke_feed


class FeedOut(serializers.ModelSerializer[CalendarFeed]):
    team = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )

    class Meta:
        model = CalendarFeed
        fields = ("id", "what", "team", "prefix", "created_at", "last_used_at", "revoked_at")


class NewFeedOut(FeedOut):
    """With its address, this once."""

    url = serializers.URLField(
        required=False, help_text="Shown this once. Left out when an answer is given again"
    )

    class Meta:
        model = CalendarFeed
        fields = (*FeedOut.Meta.fields, "url")


class FeedIn(StrictSerializer):
    what = serializers.ChoiceField(choices=WHAT)
    team = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Team.objects.order_by("slug"),
        allow_null=True,
        default=None,
        help_text="For the feed of one team, and only then",
    )


class Feeds(mixins.ListModelMixin, mixins.RetrieveModelMixin, ShowsSecretOnce):
    queryset = CalendarFeed.objects.none()
    serializer_class = FeedOut
    filterset_class = None
    lookup_url_kwarg = "number"

    def get_queryset(self) -> QuerySet[CalendarFeed]:
        if self.is_schema:
            return CalendarFeed.objects.none()
        rows = CalendarFeed.objects.filter(user=self.actor.user_id).select_related("team")
        return rows.order_by("-created_at", "-pk")

    @extend_schema(request=FeedIn, responses={201: NewFeedOut})
    def create(self, request: Request) -> Response:
        """Make an address that a calendar programme reads without signing in."""
        sent = FeedIn(data=request.data)
        sent.is_valid(raise_exception=True)
        feed, secret = create_feed(actor=self.actor, **sent.validated_data)
        url = settings.CHAOSPLANE_BASE_URL.rstrip("/") + reverse("feed", args=[secret])
        self.once = {"url": url}
        return Response(FeedOut(feed).data, status=201)

    @extend_schema(request=None, responses=FeedOut)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, number: int) -> Response:
        """From now on it opens nothing."""
        revoke_feed(actor=self.actor, feed=self.get_object())
        return Response(FeedOut(self.get_object()).data)
