"""What people write for others: the words of a report, and asking somebody to help."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.models import Application, MentorRequest, ReportBrief, User
from exercises.services.mentoring import ask_mentor
from exercises.services.reports import (
    MAX_DECISIONS,
    MAX_DETAIL,
    MAX_HEADLINE,
    MAX_TITLE,
    Ask,
    write_brief,
)


class DecisionAskedIn(StrictSerializer):
    title = serializers.CharField(max_length=MAX_TITLE)
    detail = serializers.CharField(max_length=MAX_DETAIL, default="", allow_blank=True)


class ReportWordsIn(StrictSerializer):
    headline = serializers.CharField(max_length=MAX_HEADLINE, default="", allow_blank=True)
    decisions = serializers.ListField(
        child=DecisionAskedIn(), max_length=MAX_DECISIONS, default=list
    )
    decide_by = serializers.DateField(allow_null=True, default=None)
    based_on = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The number of the wording read; 0: none"
    )


class ReportWordsOut(serializers.ModelSerializer[ReportBrief]):
    decisions = serializers.JSONField()

    class Meta:
        model = ReportBrief
        fields = ("period", "number", "headline", "decisions", "decide_by")


class WordsOfReport(Resource):
    queryset = ReportBrief.objects.none()
    serializer_class = ReportWordsOut
    pagination_class = None
    filterset_class = None

    @extend_schema(
        operation_id="report_words", request=ReportWordsIn, responses={201: ReportWordsOut}
    )
    def write(self, request: Request, period: str) -> Response:
        """The headline of a report and the decisions that it asks for; earlier words stay."""
        sent = ReportWordsIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(sent.validated_data)
        asks = [Ask(row["title"], row["detail"]) for row in values.pop("decisions")]
        brief = write_brief(actor=self.actor, period=period, decisions=asks, **values)
        return Response(ReportWordsOut(brief).data, status=201)


class MentorIn(StrictSerializer):
    mentor = serializers.SlugRelatedField(
        slug_field="email", queryset=User.objects.filter(is_active=True)
    )
    message = serializers.CharField(max_length=500, default="", allow_blank=True)


class MentorOut(serializers.ModelSerializer[MentorRequest]):
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    mentor = serializers.CharField(source="mentor.name")
    mentor_team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = MentorRequest
        fields = (
            "id", "application", "failure_family", "mentor", "mentor_team", "answer", "asked_at",
        )  # fmt: skip


class Mentors(Resource):
    queryset = MentorRequest.objects.none()
    serializer_class = MentorOut
    pagination_class = None
    filterset_class = None

    @extend_schema(operation_id="mentor_ask", request=MentorIn, responses={201: MentorOut})
    def ask(self, request: Request, slug: str, family: str) -> Response:
        """Ask somebody of a team that is further on; the answer is theirs, on their page."""
        application = get_object_or_404(Application.objects.select_related("team"), slug=slug)
        sent = MentorIn(data=request.data)
        sent.is_valid(raise_exception=True)
        asked = ask_mentor(
            actor=self.actor, application=application, family=family, **sent.validated_data
        )
        return Response(MentorOut(asked).data, status=201)
