"""/api/v1/exercises/: list, read, plan, stop."""

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
from exercises.api.going_live import ExerciseGoingLive
from exercises.api.representations import ExerciseDetail, ExerciseOut, RunEventOut, StopOut
from exercises.api.strict import StrictSerializer
from exercises.domain.exercise_phases import Phase
from exercises.models import Exercise, User
from exercises.models.exercises import KINDS
from exercises.services.exercises import plan_exercise
from exercises.services.stop import stop_all


class ExerciseIn(StrictSerializer):
    """What is needed to plan an exercise. People are named by their e-mail."""

    slug = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField(max_length=64, default="Europe/Berlin")
    region = serializers.CharField(max_length=32)
    az = serializers.CharField(
        max_length=32,
        default="",
        allow_blank=True,
        help_text="By its id, the same zone in every account: euc1-az2; or by a name",
    )
    lead = serializers.SlugRelatedField(
        slug_field="email", queryset=User.objects.filter(is_active=True)
    )
    safety_officer = serializers.SlugRelatedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        allow_null=True,
        default=None,
    )
    goal = serializers.CharField(default="", allow_blank=True, max_length=2000)


class StopIn(StrictSerializer):
    reason = serializers.CharField(default="", allow_blank=True, max_length=500)


class ExerciseFilter(django_filters.FilterSet):
    phase = django_filters.ChoiceFilter(choices=[(p.value, p.label) for p in Phase])
    kind = django_filters.ChoiceFilter(choices=KINDS)
    starts_after = InstantFilter("starts_at", "gte")
    starts_before = InstantFilter("starts_at", "lt")

    class Meta:
        model = Exercise
        fields: tuple[str, ...] = ()


class Exercises(mixins.ListModelMixin, mixins.RetrieveModelMixin, ExerciseGoingLive, Resource):
    queryset = Exercise.objects.none()
    serializer_class = ExerciseOut
    filterset_class = ExerciseFilter
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Exercise]:
        if self.is_schema:
            return Exercise.objects.none()
        rows = Exercise.objects.visible_to(self.actor).select_related("lead", "safety_officer")
        return rows.prefetch_related("participations__application")

    def get_serializer_class(self) -> Any:
        return ExerciseDetail if self.action == "retrieve" else ExerciseOut

    @extend_schema(request=ExerciseIn, responses={201: ExerciseDetail})
    def create(self, request: Request) -> Response:
        sent = ExerciseIn(data=request.data)
        sent.is_valid(raise_exception=True)
        exercise = plan_exercise(actor=self.actor, **sent.validated_data)
        return Response(ExerciseDetail(exercise).data, status=201)

    @extend_schema(request=StopIn, responses={200: StopOut(many=True)})
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, slug: str) -> Response:
        """Stop everything of this exercise. Asking again is safe and asks AWS again.

        Carried out while the database is down or hangs, too, for a token with the scope stop.
        """
        sent = StopIn(data=request.data)
        sent.is_valid(raise_exception=True)
        outcomes = stop_all(actor=self.actor, exercise=self.get_object(), **sent.validated_data)
        return Response(StopOut(outcomes, many=True).data)

    @extend_schema(responses=RunEventOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, is_sparse=True)
    def events(self, request: Request, slug: str) -> Response:
        """The event log, newest first."""
        return self.page_of(self.get_object().events.all(), RunEventOut)
