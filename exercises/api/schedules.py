"""/api/v1/schedules/: list, read, create, change, suspend, resume, and a preview of a rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.schedule_patterns import words
from exercises.models import Programme, Schedule
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.schedules import preview
from exercises.services.release import resume_schedule
from exercises.services.schedules import (
    Times,
    change_schedule,
    check_times,
    create_schedule,
    suspend_schedule,
)


class ScheduleOut(serializers.ModelSerializer[Schedule]):
    programme = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    words = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = (
            "id", "slug", "programme", "rrule", "words", "timezone", "local_start", "duration_s",
            "region", "az", "horizon_days", "is_suspended",
        )  # fmt: skip

    def get_words(self, schedule: Schedule) -> str:
        return words(schedule.rrule)


class TimesIn(StrictSerializer):
    """`local_start` is a local time without an offset; `timezone` says the rest."""

    rrule = serializers.CharField(max_length=200)
    timezone = serializers.CharField(max_length=64)
    local_start = serializers.RegexField(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$")
    duration_s = serializers.IntegerField(min_value=60, max_value=24 * 3600)
    region = serializers.CharField(max_length=32)
    az = serializers.CharField(
        max_length=32,
        default="",
        allow_blank=True,
        help_text="By its id, the same zone in every account: euc1-az2; or by a name",
    )
    horizon_days = serializers.IntegerField(min_value=1, max_value=366, default=60)

    def validate_local_start(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise serializers.ValidationError("a time that there is: 2026-12-31T09:30") from error

    def times(self) -> Times:
        data: dict[str, Any] = dict(self.validated_data)
        data.pop("programme", None)
        data.pop("slug", None)
        return Times(**data)


class ScheduleIn(TimesIn):
    slug = serializers.SlugField(
        max_length=60, required=False, help_text="Left out, it is called after the programme"
    )
    programme = serializers.SlugRelatedField(
        slug_field="slug", queryset=Programme.objects.order_by("slug")
    )


class OccurrenceOut(serializers.Serializer[Any]):
    local = serializers.CharField(source="occurrence.local")
    starts_at = serializers.DateTimeField(source="occurrence.starts_at")
    ends_at = serializers.DateTimeField(source="occurrence.ends_at")
    offset = serializers.CharField()
    clocks = serializers.CharField()
    is_shifted = serializers.BooleanField(source="occurrence.is_shifted")
    skipped = serializers.ListField(child=serializers.CharField())


class EffectOut(serializers.Serializer[Any]):
    """What a change does: local starts it creates, editions it leaves or no longer names."""

    creates = serializers.SerializerMethodField()
    leaves = serializers.SerializerMethodField()
    unmatched = serializers.SerializerMethodField()

    def get_creates(self, effect: Any) -> list[str]:
        return [each.local.isoformat() for each in effect.creates]

    def get_leaves(self, effect: Any) -> list[str]:
        return [exercise.slug for exercise in effect.leaves]

    def get_unmatched(self, effect: Any) -> list[str]:
        return [exercise.slug for exercise in effect.unmatched]


class Schedules(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = Schedule.objects.none()
    serializer_class = ScheduleOut
    filterset_class = None
    is_matched = True

    def get_queryset(self) -> QuerySet[Schedule]:
        return Schedule.objects.select_related("programme").order_by("pk")

    @extend_schema(request=ScheduleIn, responses={201: ScheduleOut})
    def create(self, request: Request) -> Response:
        """Editions are made from now on."""
        sent = ScheduleIn(data=request.data)
        sent.is_valid(raise_exception=True)
        schedule = create_schedule(
            actor=self.actor,
            programme=sent.validated_data["programme"],
            times=sent.times(),
            slug=sent.validated_data.get("slug", ""),
        )
        return Response(ScheduleOut(schedule).data, status=201)

    @extend_schema(request=TimesIn, responses=EffectOut)
    def update(self, request: Request, pk: str) -> Response:
        """Another rule. No edition is deleted by it."""
        sent = TimesIn(data=request.data)
        sent.is_valid(raise_exception=True)
        with self.as_read() as schedule:
            effect = change_schedule(actor=self.actor, schedule=schedule, times=sent.times())
        return Response(EffectOut(effect).data)

    @extend_schema(request=TimesIn, responses=OccurrenceOut(many=True))
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """The next twelve occurrences of a rule; nothing is saved."""
        authorize(self.actor, "schedule.manage")
        sent = TimesIn(data=request.data)
        sent.is_valid(raise_exception=True)
        now, times = database_now(), sent.times()
        check_times(times, now=now)
        return Response(OccurrenceOut(preview(times.rule, now=now), many=True).data)

    @extend_schema(request=None, responses=ScheduleOut)
    @action(detail=True, methods=["post"])
    def suspend(self, request: Request, pk: str) -> Response:
        """Make no further editions until it is resumed."""
        suspend_schedule(actor=self.actor, schedule=self.get_object())
        return Response(ScheduleOut(self.get_object()).data)

    @extend_schema(request=None, responses=ScheduleOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Make editions again; what was missed is not caught up."""
        resume_schedule(actor=self.actor, schedule=self.get_object())
        return Response(ScheduleOut(self.get_object()).data)
