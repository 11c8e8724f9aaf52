"""/api/v1/exercises/{slug}/report/: the report of one exercise, as its page shows it."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exercises.api.authentication import actor_of
from exercises.queries.exercise_plan import exercise_of
from exercises.queries.exercise_report import ExerciseReport, exercise_report


class ReportedRunOut(serializers.Serializer[Any]):
    """Durations are planned seconds; null where there was nothing to detect or recover from."""

    experiment = serializers.CharField()
    title = serializers.CharField()
    application = serializers.CharField()
    team = serializers.CharField()
    state = serializers.CharField()
    verdict = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    seconds_to_detect = serializers.FloatField(allow_null=True)
    seconds_to_alarm = serializers.FloatField(allow_null=True)
    seconds_to_acknowledge = serializers.FloatField(allow_null=True)
    seconds_to_recover = serializers.FloatField(allow_null=True)
    clean_up = serializers.CharField(
        allow_null=True, help_text="Whether it left anything behind; null where nobody compared"
    )


class ReportedFindingOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    application = serializers.CharField()
    severity = serializers.IntegerField()
    state = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)


class ParticipantAnswerOut(serializers.Serializer[Any]):
    application = serializers.CharField()
    answer = serializers.CharField()


class DebriefWordsOut(serializers.Serializer[Any]):
    was_resilient = serializers.CharField()
    surprised_us = serializers.CharField()
    we_share = serializers.CharField()


class ExerciseReportOut(serializers.Serializer[Any]):
    """Names no person; rehearsals do not count."""

    exercise = serializers.CharField()
    headline = serializers.CharField()
    held = serializers.IntegerField()
    not_held = serializers.IntegerField()
    inconclusive = serializers.IntegerField()
    median_seconds_to_detect = serializers.FloatField(allow_null=True)
    median_seconds_to_recover = serializers.FloatField(allow_null=True)
    runs = ReportedRunOut(many=True)
    findings = ReportedFindingOut(many=True)
    participants = ParticipantAnswerOut(many=True)
    debrief = DebriefWordsOut(allow_null=True)


class ReportOfExercise(APIView):
    @extend_schema(operation_id="exercises_report_retrieve", responses=ExerciseReportOut)
    def get(self, request: Request, slug: str) -> Response:
        """What ran, how it went, what was found."""
        actor = actor_of(request)
        exercise = exercise_of(actor, slug)
        if exercise is None:
            raise Http404("no such exercise")
        return Response(_document(exercise_report(actor, exercise)))


def _document(report: ExerciseReport) -> dict[str, Any]:
    answers = report.answers
    return {
        "exercise": report.exercise.slug,
        "headline": report.headline,
        "held": report.outcome.held,
        "not_held": report.outcome.not_held,
        "inconclusive": report.outcome.inconclusive,
        "median_seconds_to_detect": report.detection,
        "median_seconds_to_recover": report.recovery,
        "runs": [
            {
                "experiment": line.run.experiment.code,
                "title": line.run.experiment.title,
                "application": line.run.experiment.application.slug,
                "team": line.run.experiment.application.team.slug,
                "state": line.run.state,
                "verdict": line.run.verdict,
                "started_at": line.run.started_at,
                "seconds_to_detect": line.detected_s,
                "seconds_to_alarm": line.alarmed_s,
                "seconds_to_acknowledge": line.acknowledged_s,
                "seconds_to_recover": line.recovered_s,
                "clean_up": line.clean_up.state.value if line.clean_up else None,
            }
            for line in report.runs
        ],
        "findings": [
            {
                "code": line.finding.code,
                "title": line.title,
                "application": line.finding.application.slug,
                "severity": line.finding.severity,
                "state": line.finding.state,
                "due_on": line.finding.due_on,
            }
            for line in report.findings
        ],
        "participants": [
            {"application": row.application.slug, "answer": row.answer}
            for row in report.participants
        ],
        "debrief": answers
        and {
            "was_resilient": answers.was_resilient,
            "surprised_us": answers.surprised_us,
            "we_share": answers.we_share,
        },
    }
