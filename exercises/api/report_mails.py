"""/api/v1/report-mails/: reports that leave by mail, as on their page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.notices import LocalTime
from exercises.api.strict import StrictSerializer
from exercises.domain.report_rhythm import COVERS
from exercises.models import ReportSubscription, User
from exercises.queries.report_mails import subscriptions_of
from exercises.services.report_mails import subscribe, unsubscribe


class ReportMailOut(serializers.ModelSerializer[ReportSubscription]):
    recipients: Any = serializers.SlugRelatedField(slug_field="email", many=True, read_only=True)
    next_at = serializers.DateTimeField(source="due_at")

    class Meta:
        model = ReportSubscription
        fields = ("id", "covers", "weekday", "day", "at", "timezone", "recipients", "next_at",
                  "sent_at")  # fmt: skip


class ReportMailIn(StrictSerializer):
    """A weekday (0 is Monday) or a day of the month (1 to 28). Without recipients: yourself."""

    covers = serializers.ChoiceField(choices=COVERS)
    weekday = serializers.IntegerField(min_value=0, max_value=6, allow_null=True, default=None)
    day = serializers.IntegerField(min_value=1, max_value=28, allow_null=True, default=None)
    at = LocalTime()
    timezone = serializers.CharField(max_length=64)
    recipients: Any = serializers.SlugRelatedField(
        slug_field="email",
        many=True,
        default=None,
        allow_null=True,
        queryset=User.objects.filter(is_active=True),
    )


class ReportMails(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What the person of the token gets or set up; a programme lead sees all."""

    queryset = ReportSubscription.objects.none()
    serializer_class = ReportMailOut

    def get_queryset(self) -> QuerySet[ReportSubscription]:
        if self.is_schema:
            return ReportSubscription.objects.none()
        if self.action == "destroy":  # whose it is, is asked by the service
            return ReportSubscription.objects.filter(ended_at__isnull=True)
        return subscriptions_of(self.actor)

    @extend_schema(request=ReportMailIn, responses={201: ReportMailOut})
    def create(self, request: Request) -> Response:
        sent = ReportMailIn(data=request.data)
        sent.is_valid(raise_exception=True)
        wanted: dict[str, Any] = dict(sent.validated_data)
        if wanted["recipients"] is None:
            wanted["recipients"] = list(User.objects.filter(pk=self.actor.person_id))
        row = subscribe(actor=self.actor, **wanted)
        return Response(ReportMailOut(row).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End it; who only gets it leaves it."""
        unsubscribe(actor=self.actor, subscription=self.get_object())
        return Response(status=204)
