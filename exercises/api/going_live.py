"""What the API can do on the way to Go: checks, run sheet, poll (to read), calling off.

Saying Go, confirming it, continuing after a hold point and a team's go or no-go are a
person's word on a page; no token gives it.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from exercises.api.strict import StrictSerializer
from exercises.domain.actors import Actor
from exercises.domain.preflight_checks import ASKED
from exercises.models import Experiment
from exercises.models.due_work import database_now
from exercises.queries.going_live import poll_of
from exercises.queries.preflight import preflight_now
from exercises.services.cancel import cancel_exercise, cancel_experiment
from exercises.services.preflight import run_check, run_preflight
from exercises.services.run_sheet import Place, arrange


class ReasonIn(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class ChecksIn(StrictSerializer):
    """Which check is asked again; all of them, with a new rehearsal, when left out."""

    check = serializers.ChoiceField(choices=ASKED, required=False)


class CheckOut(serializers.Serializer[Any]):
    key = serializers.CharField(source="kind.key")
    label = serializers.CharField(source="kind.label")  # type: ignore[assignment]
    owner = serializers.CharField(source="kind.owner", help_text="who can put it right")
    status = serializers.CharField(
        help_text="ok, warn, fail, pending, missing, or stale: passed too long ago to count"
    )
    message = serializers.CharField()
    checked_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class PlaceOut(serializers.ModelSerializer[Experiment]):
    code = serializers.CharField(read_only=True)
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Experiment
        fields = ("id", "code", "title", "application", "status", "wave", "slot_offset_s")


class PlaceIn(StrictSerializer):
    experiment = serializers.IntegerField(min_value=1)
    wave = serializers.IntegerField(min_value=1, max_value=20)
    slot_offset_s = serializers.IntegerField(
        min_value=0, max_value=86_400, help_text="counts from the start of its wave"
    )


class RunSheetIn(StrictSerializer):
    places = PlaceIn(many=True)


class PollOut(serializers.Serializer[Any]):
    application = serializers.CharField(source="participation.application.slug")
    answer = serializers.ChoiceField(source="key", choices=["go", "no_go", "open"])
    reason = serializers.CharField(source="participation.go_reason")
    answered_by = serializers.CharField(
        source="participation.go_said_by.name", allow_null=True, default=None
    )
    answered_at = serializers.DateTimeField(source="participation.go_said_at", allow_null=True)
    is_late = serializers.BooleanField()
    on_call = serializers.CharField(source="participation.on_call")
    on_call_acknowledged_at = serializers.DateTimeField(
        source="participation.acknowledged_at", allow_null=True
    )


class ExperimentChecks(GenericViewSet[Any]):
    """Actions of /experiments/{id}/."""

    actor: Actor

    @extend_schema(methods=["GET"], responses=CheckOut(many=True), filters=False)
    @extend_schema(methods=["POST"], request=ChecksIn, responses=CheckOut(many=True))
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def preflight(self, request: Request, pk: str) -> Response:
        """The checks with their age; POST asks again, one or all."""
        experiment = self.get_object()
        if request.method == "POST":
            sent = ChecksIn(data=request.data)
            sent.is_valid(raise_exception=True)
            key = sent.validated_data.get("check")
            if key:
                run_check(actor=self.actor, experiment=experiment, key=key)
            else:
                run_preflight(actor=self.actor, experiment=experiment)
        found = preflight_now(experiment, now=database_now())
        return Response(CheckOut(found.lines, many=True).data)

    @extend_schema(request=ReasonIn, responses=PlaceOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Call it off before it starts. What runs is stopped instead."""
        sent = ReasonIn(data=request.data)
        sent.is_valid(raise_exception=True)
        experiment = cancel_experiment(
            actor=self.actor, experiment=self.get_object(), **sent.validated_data
        )
        return Response(PlaceOut(experiment).data)


class ExerciseGoingLive(GenericViewSet[Any]):
    """Actions of /exercises/{slug}/."""

    actor: Actor

    @extend_schema(methods=["GET"], responses=PlaceOut(many=True), filters=False)
    @extend_schema(methods=["PUT"], request=RunSheetIn, responses=PlaceOut(many=True))
    @action(
        detail=True,
        methods=["get", "put"],
        url_path="run-sheet",
        filterset_class=None,
        pagination_class=None,
    )
    def run_sheet(self, request: Request, slug: str) -> Response:
        """Waves and slots in order; PUT arranges them until Go, all or nothing.

        Another wave keeps the approvals, another slot starts them again.
        """
        exercise = self.get_object()
        if request.method == "PUT":
            sent = RunSheetIn(data=request.data)
            sent.is_valid(raise_exception=True)
            places = [
                Place(place["experiment"], place["wave"], place["slot_offset_s"])
                for place in sent.validated_data["places"]
            ]
            arrange(actor=self.actor, exercise=exercise, places=places)
        rows = Experiment.objects.visible_to(self.actor).filter(exercise=exercise)
        shown = rows.exclude(status="withdrawn").select_related("application")
        return Response(PlaceOut(shown, many=True).data)

    @extend_schema(responses=PollOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def poll(self, request: Request, slug: str) -> Response:
        """Who said go, no-go or nothing yet, and whether their on-call is there."""
        return Response(PollOut(poll_of(self.get_object()).lines, many=True).data)

    @extend_schema(request=ReasonIn, responses={204: None})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, slug: str) -> Response:
        """Call the exercise off before Go. What is live is stopped instead."""
        exercise = self.get_object()
        sent = ReasonIn(data=request.data)
        sent.is_valid(raise_exception=True)
        cancel_exercise(actor=self.actor, exercise=exercise, **sent.validated_data)
        return Response(status=204)
