"""The least that DRF does for a list of runs, for benchmarks.api_list; beside all of ours."""

from __future__ import annotations

from django.urls import path
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination

from chaosplane.urls import urlpatterns as ours
from exercises.models import Run


class BareRun(serializers.ModelSerializer[Run]):
    exercise = serializers.CharField(source="experiment.exercise.slug")
    digest = serializers.CharField(source="revision.digest")
    engine_experiment = serializers.CharField(source="experiment_ref")

    class Meta:
        model = Run
        fields = (
            "id", "experiment", "exercise", "is_rehearsal", "state", "state_reason", "verdict",
            "verdict_reason", "digest", "engine_experiment", "scheduled_at", "started_at",
            "ended_at", "stop_requested_at", "observed_at", "is_imported",
        )  # fmt: skip


class FiftyByCursor(CursorPagination):
    page_size = 50
    ordering = ("scheduled_at", "id")


class BareRuns(generics.ListAPIView[Run]):
    queryset = Run.objects.select_related("experiment__exercise", "revision")
    serializer_class = BareRun
    pagination_class = FiftyByCursor
    authentication_classes = ()
    permission_classes = ()
    filter_backends = ()
    throttle_classes = ()


urlpatterns = [path("bare/runs/", BareRuns.as_view()), *ours]
