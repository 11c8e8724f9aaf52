"""/api/v1/exercises/{slug}/…: who takes part, the next phase, notes, and the debrief's answers.

Go, the poll and what else is a person's word have no address: they are given on a page.
"""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.representations import ExerciseDetail, ParticipationOut, RunEventOut
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import ORDER, Phase
from exercises.models import Application, Exercise, Experiment, Participation
from exercises.models.debriefs import RESILIENT
from exercises.services.debrief import MAX_ANSWER, answer_debrief
from exercises.services.exercises import add_note, invite, move_exercise, pin_event, unpin_event
from exercises.services.taking_part import answer_invitation, rule_no_go


class InviteIn(StrictSerializer):
    applications = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Application.objects.order_by("slug"),
        many=True,
        allow_empty=False,
    )


class TakingPartIn(StrictSerializer):
    answer = serializers.ChoiceField(choices=["accepted", "declined"])
    on_call = serializers.CharField(
        default="", allow_blank=True, max_length=120, help_text="Needed to accept"
    )


class MoveIn(StrictSerializer):
    """Live is reached by Go, and cancelled with a reason: neither is asked for here."""

    to = serializers.ChoiceField(
        choices=[(phase.value, phase.label) for phase in ORDER if phase is not Phase.LIVE]
    )


class NoGoIn(StrictSerializer):
    holds = serializers.ChoiceField(
        choices=["participant", "exercise"], help_text="What the no-go of one team holds"
    )


class NoteIn(StrictSerializer):
    text = serializers.CharField(max_length=1000)
    experiment = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    is_pinned = serializers.BooleanField(default=False, help_text="Marked for the debrief")
    went_well = serializers.BooleanField(default=False)


class DebriefIn(StrictSerializer):
    was_resilient = serializers.ChoiceField(choices=RESILIENT)
    surprised_us = serializers.CharField(max_length=MAX_ANSWER)
    we_share = serializers.CharField(max_length=MAX_ANSWER)


class OfExercise(Resource):
    queryset = Exercise.objects.none()
    serializer_class = ExerciseDetail
    pagination_class = None
    filterset_class = None

    @extend_schema(operation_id="exercise_invite", request=InviteIn, responses=ExerciseDetail)
    def invite(self, request: Request, slug: str) -> Response:
        """Invite applications; those that are in already stay as they are."""
        exercise = self._exercise()
        sent = InviteIn(data=request.data)
        sent.is_valid(raise_exception=True)
        invite(actor=self.actor, exercise=exercise, **sent.validated_data)
        return self._shown()

    @extend_schema(operation_id="exercise_answer", request=TakingPartIn, responses=ParticipationOut)
    def answer(self, request: Request, slug: str, application: str) -> Response:
        """Take part, naming who is on call, or decline."""
        rows = Participation.objects.select_related("application", "exercise")
        found = get_object_or_404(rows, exercise=self._exercise(), application__slug=application)
        sent = TakingPartIn(data=request.data)
        sent.is_valid(raise_exception=True)
        kept = answer_invitation(actor=self.actor, participation=found, **sent.validated_data)
        return Response(ParticipationOut(kept).data)

    @extend_schema(operation_id="exercise_move", request=MoveIn, responses=ExerciseDetail)
    def move(self, request: Request, slug: str) -> Response:
        """On to another phase."""
        exercise = self._exercise()
        sent = MoveIn(data=request.data)
        sent.is_valid(raise_exception=True)
        to = Phase(sent.validated_data["to"])
        move_exercise(actor=self.actor, exercise=exercise, to=to)
        return self._shown()

    @extend_schema(operation_id="exercise_no_go", request=NoGoIn, responses=NoGoIn)
    def no_go(self, request: Request, slug: str) -> Response:
        """What a no-go holds: the experiments of its own team, or everything."""
        exercise = self._exercise()
        sent = NoGoIn(data=request.data)
        sent.is_valid(raise_exception=True)
        ruled = rule_no_go(actor=self.actor, exercise=exercise, **sent.validated_data)
        return Response({"holds": ruled.no_go_holds})

    @extend_schema(operation_id="exercise_note", request=NoteIn, responses={201: RunEventOut})
    def note(self, request: Request, slug: str) -> Response:
        """Write an observation, or what went well, into the event log."""
        exercise = self._exercise()
        sent = NoteIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(sent.validated_data)
        if "experiment" in values:
            values["experiment"] = self._experiment(exercise, values["experiment"])
        event = add_note(actor=self.actor, exercise=exercise, **values)
        return Response(RunEventOut(event).data, status=201)

    @extend_schema(operation_id="exercise_pin", request=None, responses={204: None})
    def pin(self, request: Request, slug: str, event_id: int) -> Response:
        """Mark a line of the log for the debrief."""
        found = get_object_or_404(self._exercise().events, pk=event_id)
        pin_event(actor=self.actor, event=found)
        return Response(status=204)

    @extend_schema(operation_id="exercise_unpin", request=None, responses={204: None})
    def unpin(self, request: Request, slug: str, event_id: int) -> Response:
        """Take the mark off."""
        found = get_object_or_404(self._exercise().events, pk=event_id)
        unpin_event(actor=self.actor, event=found)
        return Response(status=204)

    @extend_schema(operation_id="exercise_debrief", request=DebriefIn, responses=DebriefIn)
    def debrief(self, request: Request, slug: str) -> Response:
        """Keep the three answers without which an exercise is not closed."""
        exercise = self._exercise()
        sent = DebriefIn(data=request.data)
        sent.is_valid(raise_exception=True)
        kept = answer_debrief(actor=self.actor, exercise=exercise, **sent.validated_data)
        return Response(DebriefIn(kept).data)

    def _exercise(self) -> Exercise:
        seen = Exercise.objects.visible_to(self.actor)
        rows = seen.select_related("lead", "safety_officer")
        return get_object_or_404(
            rows.prefetch_related("participations__application"), slug=self.kwargs["slug"]
        )

    def _shown(self) -> Response:
        return Response(ExerciseDetail(self._exercise()).data)

    def _experiment(self, exercise: Exercise, number: int) -> Experiment:
        seen = Experiment.objects.visible_to(self.actor)
        found = seen.filter(pk=number, exercise=exercise).first()
        if found is None:
            raise Invalid("experiment", "there is no such experiment in this exercise")
        return found
