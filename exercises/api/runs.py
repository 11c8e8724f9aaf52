"""/api/v1/runs/: list, read, events, samples, clean-up, stop."""

from __future__ import annotations

from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.clean_ups import CleanUpOut, WaiveIn
from exercises.api.exercises import StopIn
from exercises.api.representations import DetectionOut, RunEventOut, RunOut, SampleOut, StopOut
from exercises.api.strict import StrictSerializer
from exercises.api.waiting import LONGEST_S, SEEN, WAIT
from exercises.domain.errors import Conflict
from exercises.domain.run_states import RunState
from exercises.domain.verdicts import RunVerdict
from exercises.models import CleanUp, Run
from exercises.queries.detection import detection_of
from exercises.services.stop import stop_run
from exercises.services.sweep import report_done, waive


class WaitIn(StrictSerializer):
    """Answered when the run changes, at the latest after `wait` seconds."""

    wait = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_S,
        required=False,
        help_text="Seconds to wait for another state, a verdict or the end; what is over by"
        " now is answered at once",
    )
    seen = serializers.ChoiceField(
        choices=[(s.value, s.value) for s in RunState],
        required=False,
        help_text="The state you know: another one is answered at once",
    )


_LISTED: Final = (
    "is_rehearsal", "state", "state_reason", "verdict", "verdict_reason", "experiment_ref",
    "scheduled_at", "started_at", "ended_at", "recheck_at", "stop_requested_at", "observed_at",
    "is_imported", "experiment__exercise__slug", "revision__digest",
)  # fmt: skip
"""What a row shows: the documents of a run, of its experiment and its revision are long."""


class RunFilter(django_filters.FilterSet):
    exercise = django_filters.CharFilter("experiment__exercise__slug")
    experiment = django_filters.NumberFilter("experiment_id")
    state = django_filters.ChoiceFilter(choices=[(s.value, s.value) for s in RunState])
    verdict = django_filters.ChoiceFilter(choices=[(v.value, v.value) for v in RunVerdict])
    is_rehearsal = django_filters.BooleanFilter()

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()


class Runs(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = Run.objects.none()
    serializer_class = RunOut
    filterset_class = RunFilter
    also_asked = {"retrieve": (WAIT, SEEN)}
    too_early = ("detection", "clean_up")  # a run that has not started has neither

    def get_queryset(self) -> QuerySet[Run]:
        if self.is_schema:
            return Run.objects.none()
        rows = Run.objects.visible_to(self.actor)
        rows = rows.select_related("experiment__exercise", "revision")
        return rows.only(*_LISTED) if self.action == "list" else rows

    @extend_schema(parameters=[WaitIn])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One run; with `wait` as soon as there is news of it (api.waiting)."""
        asked = request.query_params.copy()
        for name in set(asked) - {WAIT, SEEN}:
            del asked[name]
        WaitIn(data=asked).is_valid(raise_exception=True)
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(responses=RunEventOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, is_sparse=True)
    def events(self, request: Request, pk: str) -> Response:
        """The event log of this run, newest first."""
        return self.page_of(self.get_object().events.all(), RunEventOut)

    @extend_schema(responses=DetectionOut)
    @action(detail=True, methods=["get"])
    def detection(self, request: Request, pk: str) -> Response:
        """When its fault was seen: moved, alarmed, acknowledged, steady again."""
        chain = detection_of(self.get_object())
        if chain is None:
            raise Conflict("the run has not started, so there is nothing to see yet")
        return Response(DetectionOut(chain).data)

    @extend_schema(responses=SampleOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, is_sparse=True)
    def samples(self, request: Request, pk: str) -> Response:
        """What was measured, oldest first. A null value is no data, never fine."""
        return self.page_of(self.get_object().samples.all(), SampleOut)

    @extend_schema(responses=CleanUpOut)
    @action(detail=True, methods=["get"], url_path="clean-up")
    def clean_up(self, request: Request, pk: str) -> Response:
        """Whether it left anything behind; its certificate once it is clean."""
        return Response(CleanUpOut(self._clean_up()).data)

    @extend_schema(request=None, responses=CleanUpOut)
    @action(detail=True, methods=["post"], url_path="clean-up/done")
    def clean_up_done(self, request: Request, pk: str) -> Response:
        """What was left is put back: have AWS looked at again."""
        report_done(actor=self.actor, run=self._to_clean_up())
        return Response(CleanUpOut(self._clean_up()).data)

    @extend_schema(request=WaiveIn, responses=CleanUpOut)
    @action(detail=True, methods=["post"], url_path="clean-up/waive")
    def clean_up_waive(self, request: Request, pk: str) -> Response:
        """What is left stays as it is, for this reason."""
        sent = WaiveIn(data=request.data)
        sent.is_valid(raise_exception=True)
        waive(actor=self.actor, run=self._to_clean_up(), **sent.validated_data)
        return Response(CleanUpOut(self._clean_up()).data)

    def _clean_up(self) -> CleanUp:
        rows = CleanUp.objects.filter(run=self.get_object())
        row = rows.select_related("done_by", "waived_by").first()
        if row is None:
            raise Conflict("nothing was compared: the run has not started")
        return row

    def _to_clean_up(self) -> Run:
        """The run with what says whose it is."""
        found: Run = self.get_object()
        return Run.objects.select_related("experiment__application").get(pk=found.pk)

    @extend_schema(request=StopIn, responses=StopOut)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop this run. Asking again is safe and asks AWS again.

        Carried out while the database is down or hangs, too, for a token with the scope stop.
        """
        sent = StopIn(data=request.data)
        sent.is_valid(raise_exception=True)
        outcome = stop_run(actor=self.actor, run=self.get_object(), **sent.validated_data)
        return Response(StopOut(outcome).data)
