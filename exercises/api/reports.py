"""/api/v1/reports/{period}/: the numbers of the programme report."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exercises.domain.report_numbers import AGES, Report, Share, Trend
from exercises.domain.report_periods import period_from
from exercises.domain.resilience_score import FORMULA, Part, score_of_all
from exercises.models.due_work import database_now
from exercises.queries.organisation_day import organisation_zone
from exercises.queries.report import ReportPage, report_page
from exercises.queries.score import scored_applications


class ShareOut(serializers.Serializer[Any]):
    """`part` of `whole`. `percent` is null when there is nothing to count."""

    percent = serializers.IntegerField(allow_null=True)
    percent_before = serializers.FloatField(allow_null=True, help_text="In the three months before")
    part = serializers.IntegerField()
    whole = serializers.IntegerField()


class RecoveryOut(serializers.Serializer[Any]):
    """Median planned seconds outside the steady state, of runs that came back."""

    seconds = serializers.FloatField(allow_null=True)
    seconds_before = serializers.FloatField(allow_null=True)
    runs = serializers.IntegerField()


class DetectionInReportOut(serializers.Serializer[Any]):
    """Median planned seconds from the fault to the first reading outside."""

    seconds = serializers.FloatField(allow_null=True)
    seconds_before = serializers.FloatField(allow_null=True)
    runs = serializers.IntegerField()


class ScoreOut(serializers.Serializer[Any]):
    """The resilience score of all applications, up to 100; it decays without re-tests."""

    points = serializers.FloatField(allow_null=True)
    points_before = serializers.FloatField(allow_null=True)


class TeamMonthsOut(serializers.Serializer[Any]):
    """Runs a month, null for a frozen month and for one to come."""

    team = serializers.CharField()
    runs = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    applications_exercised = serializers.IntegerField()
    applications = serializers.IntegerField()
    resilience_score = serializers.FloatField(allow_null=True)


class OutcomeOut(serializers.Serializer[Any]):
    month = serializers.CharField()
    held = serializers.IntegerField()
    not_held = serializers.IntegerField()
    inconclusive = serializers.IntegerField()


class OpenFindingsOut(serializers.Serializer[Any]):
    severity = serializers.IntegerField()
    by_age = serializers.DictField(child=serializers.IntegerField())
    overdue = serializers.IntegerField()


class OverrideInReportOut(serializers.Serializer[Any]):
    """A level of the confidence ladder that was open without its evidence."""

    application = serializers.CharField(help_text="Its short name in addresses")
    family = serializers.CharField()
    level = serializers.IntegerField()
    by = serializers.CharField()
    reason = serializers.CharField()
    granted_on = serializers.DateField()
    until = serializers.DateField()


class AskOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)


class ReportOut(serializers.Serializer[Any]):
    """What the page shows, counted anew from what ran."""

    period = serializers.CharField()
    as_of = serializers.DateField()
    headline = serializers.CharField()
    critical_applications_exercised = ShareOut()
    hypotheses_held = ShareOut()
    findings_fixed_in_time = ShareOut()
    findings_overdue = serializers.IntegerField()
    time_to_steady_state = RecoveryOut()
    time_to_detect = DetectionInReportOut()
    resilience_score = ScoreOut()
    teams = TeamMonthsOut(many=True)
    production_outcomes = OutcomeOut(many=True)
    open_findings = OpenFindingsOut(many=True)
    ladder_overrides = OverrideInReportOut(many=True)
    decisions_asked_for = AskOut(many=True)
    decide_by = serializers.DateField(allow_null=True)


class ScorePartOut(serializers.Serializer[Any]):
    """One failure that can happen to the application; `proved_on` is null when never tried."""

    failure_family = serializers.CharField()
    points = serializers.FloatField()
    proved_on = serializers.DateField(allow_null=True)
    held = serializers.BooleanField(allow_null=True)
    in_production = serializers.BooleanField(allow_null=True)


class ApplicationScoreOut(serializers.Serializer[Any]):
    application = serializers.CharField()
    team = serializers.CharField()
    tier = serializers.IntegerField()
    points = serializers.FloatField(allow_null=True)
    parts = ScorePartOut(many=True)


class ScoresOut(serializers.Serializer[Any]):
    formula = serializers.CharField()
    as_of = serializers.DateField()
    points = serializers.FloatField(allow_null=True)
    applications = ApplicationScoreOut(many=True)


class ResilienceScore(APIView):
    @extend_schema(operation_id="resilience_score_retrieve", responses=ScoresOut)
    def get(self, request: Request) -> Response:
        """The score of every application, with what each of its failures adds."""
        zone = organisation_zone()
        today = database_now().astimezone(zone).date()
        everything = scored_applications(zone, days=[today])
        return Response(
            {
                "formula": FORMULA,
                "as_of": today.isoformat(),
                "points": score_of_all((one.scored for one in everything), today),
                "applications": [
                    {
                        "application": one.application.slug,
                        "team": one.application.team.slug,
                        "tier": one.application.tier,
                        "points": found.percent,
                        "parts": [_part(part) for part in found.parts],
                    }
                    for one in everything
                    for found in (one.scored.on(today),)
                ],
            }
        )


def _part(part: Part) -> dict[str, Any]:
    proof = part.proof
    return {
        "failure_family": part.family,
        "points": part.worth,
        "proved_on": proof.on.isoformat() if proof else None,
        "held": proof.held if proof else None,
        "in_production": proof.is_production if proof else None,
    }


class ReportOfPeriod(APIView):
    @extend_schema(operation_id="reports_retrieve", responses=ReportOut)
    def get(self, request: Request, period: str) -> Response:
        """A quarter like 2026-q3, or the last of three months like 2026-10."""
        return Response(_document(report_page(period_from(period), now=database_now())))


def _document(page: ReportPage) -> dict[str, Any]:
    numbers = page.numbers
    return {
        "period": numbers.period.key,
        "as_of": numbers.as_of.isoformat(),
        "headline": page.headline,
        "critical_applications_exercised": _share(numbers.coverage, numbers.coverage_trend),
        "hypotheses_held": _share(numbers.held, numbers.held_trend),
        "findings_fixed_in_time": _share(numbers.in_time, numbers.in_time_trend),
        "findings_overdue": numbers.overdue,
        "time_to_steady_state": {
            "seconds": numbers.recovery.now,
            "seconds_before": numbers.recovery.before,
            "runs": numbers.recoveries,
        },
        "time_to_detect": {
            "seconds": numbers.detection.now,
            "seconds_before": numbers.detection.before,
            "runs": numbers.detections,
        },
        "resilience_score": {"points": numbers.score.now, "points_before": numbers.score.before},
        "teams": _teams(numbers),
        "production_outcomes": [
            {
                "month": outcome.month.key,
                "held": outcome.held,
                "not_held": outcome.not_held,
                "inconclusive": outcome.inconclusive,
            }
            for outcome in numbers.outcomes
        ],
        "open_findings": [
            {
                "severity": row.severity,
                "by_age": {words: n for (_, words), n in zip(AGES, row.counts, strict=True)},
                "overdue": row.overdue,
            }
            for row in numbers.ages
        ],
        "ladder_overrides": [
            {
                "application": override.slug,
                "family": override.family,
                "level": override.level,
                "by": override.by,
                "reason": override.reason,
                "granted_on": override.granted_on.isoformat(),
                "until": override.until.isoformat(),
            }
            for override in numbers.overrides
        ],
        "decisions_asked_for": page.brief.decisions if page.brief else [],
        "decide_by": page.brief.decide_by.isoformat()
        if page.brief and page.brief.decide_by
        else None,
    }


def _share(share: Share, trend: Trend) -> dict[str, Any]:
    return {
        "percent": share.percent,
        "percent_before": trend.before,
        "part": share.part,
        "whole": share.whole,
    }


def _teams(numbers: Report) -> list[dict[str, Any]]:
    return [
        {
            "team": row.name,
            "runs": {
                month.key: count
                for month, count in zip(numbers.period.year, row.months, strict=True)
            },
            "applications_exercised": row.exercised.part,
            "applications": row.exercised.whole,
            "resilience_score": row.score,
        }
        for row in numbers.teams
    ]
