"""/api/v1/experiments/: list, read, draft, edit, propose, withdraw; and their decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.going_live import ExperimentChecks
from exercises.api.representations import DecisionOut, ExperimentOut
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.domain.rechecks import MOST_MIN
from exercises.models import (
    Decision,
    Deployment,
    Exercise,
    Experiment,
    Finding,
    Prediction,
    TemplateVersion,
)
from exercises.models.experiments import STATUSES
from exercises.queries.several_accounts import MOST_ACCOUNTS
from exercises.services.predictions import predict
from exercises.services.propose import Draft, edit_draft, propose, start_draft, withdraw
from exercises.services.revisions import lock_experiment

_RELATED = (
    "exercise",
    "application",
    "revision",
    "author",
    "template_version__template",
    "deployment__place__account",
)
_NOT_LISTED: Final = (
    "revision__plan",
    "template_version__definition",
    "template_version__parameters",
    "deployment__steady_state",
    "deployment__alarm_arns",
)
"""Documents that no row of a list shows."""


class ExperimentIn(StrictSerializer):
    """An experiment as it is written. Give `exercise`, or `starts_at` for one on its own."""

    exercise = serializers.SlugField(max_length=60, required=False)
    starts_at = serializers.DateTimeField(required=False)
    application = serializers.SlugField()
    account_id = serializers.RegexField(r"^\d{12}$")
    region = serializers.CharField(max_length=32)
    template = serializers.SlugField()
    template_version = serializers.IntegerField(min_value=1, required=False)
    title = serializers.CharField(max_length=160)
    hypothesis = serializers.CharField(max_length=4000)
    parameters = serializers.DictField(default=dict)
    steady_state = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="Probes; the deployment's own when left out",
    )
    az = serializers.CharField(
        max_length=32,
        default="",
        allow_blank=True,
        help_text="By its id, the same zone in every account: euc1-az2; or by a name",
    )
    slot_offset_s = serializers.IntegerField(min_value=0, max_value=86_400, default=0)
    target_cap = serializers.IntegerField(min_value=1, max_value=100, default=5)
    expected_alarms = serializers.ListField(
        child=serializers.CharField(max_length=400),
        default=list,
        help_text="ARNs of the alarms that should fire; one that stays silent becomes a finding",
    )
    recheck_after_min = serializers.IntegerField(
        min_value=0,
        max_value=MOST_MIN,
        default=0,
        help_text="The delayed check: planned minutes after the end of the fault, 0 is none",
    )
    also_in = serializers.ListField(
        child=serializers.RegexField(r"^\d{12}$"),
        max_length=MOST_ACCOUNTS - 1,
        default=list,
        help_text="Ids of further accounts that the same FIS experiment hits: other deployments"
        " of the application with this Region, environment and tag value",
    )
    retest_of = serializers.RegexField(r"^F-\d+$", required=False)


class PredictionIn(StrictSerializer):
    holds = serializers.BooleanField()
    recovery_s = serializers.IntegerField(
        min_value=0,
        max_value=86_400,
        allow_null=True,
        default=None,
        help_text="Back inside after; planned seconds",
    )
    because = serializers.CharField(default="", allow_blank=True)


class PredictionOut(serializers.ModelSerializer[Prediction]):
    class Meta:
        model = Prediction
        fields = ("experiment", "holds", "recovery_s", "because", "made_at")


class ExperimentFilter(django_filters.FilterSet):
    exercise = django_filters.CharFilter("exercise__slug")
    application = django_filters.CharFilter("application__slug")
    status = django_filters.ChoiceFilter(choices=STATUSES)

    class Meta:
        model = Experiment
        fields: tuple[str, ...] = ()


class Experiments(mixins.ListModelMixin, mixins.RetrieveModelMixin, ExperimentChecks, Resource):
    queryset = Experiment.objects.none()
    serializer_class = ExperimentOut
    filterset_class = ExperimentFilter
    is_matched = True

    def get_queryset(self) -> QuerySet[Experiment]:
        if self.is_schema:
            return Experiment.objects.none()
        rows = Experiment.objects.visible_to(self.actor).select_related(*_RELATED)
        return rows.defer(*_NOT_LISTED) if self.action == "list" else rows

    @extend_schema(request=ExperimentIn, responses={201: ExperimentOut})
    def create(self, request: Request) -> Response:
        """Write a draft. Nothing runs before it was proposed and approved."""
        sent = self._read(request)
        experiment = start_draft(
            actor=self.actor,
            draft=self._draft(sent),
            exercise=self._exercise(sent),
            starts_at=sent.get("starts_at"),
            retest_of=self._finding(sent),
        )
        return self._shown(experiment, status=201)

    @extend_schema(request=ExperimentIn, responses=ExperimentOut)
    def update(self, request: Request, pk: str) -> Response:
        """Write all of it anew. A changed content starts its approvals again."""
        sent = self._read(request)
        with self.as_read() as experiment:
            _check_what_stays(experiment, sent)
            draft = self._draft(sent)
            changed = edit_draft(actor=self.actor, experiment=experiment, draft=draft)
        return self._shown(changed)

    @extend_schema(request=None, responses=ExperimentOut)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str) -> Response:
        """Send for approval."""
        return self._shown(propose(actor=self.actor, experiment=self.get_object()))

    @extend_schema(request=None, responses=ExperimentOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back; its history stays."""
        return self._shown(withdraw(actor=self.actor, experiment=self.get_object()))

    @extend_schema(request=PredictionIn, responses={201: PredictionOut})
    @action(detail=True, methods=["post"])
    def predict(self, request: Request, pk: str) -> Response:
        """Say what one expects, before it starts. Said anew, the last word counts."""
        sent = PredictionIn(data=request.data)
        sent.is_valid(raise_exception=True)
        made = predict(actor=self.actor, experiment=self.get_object(), **sent.validated_data)
        return Response(PredictionOut(made).data, status=201)

    @extend_schema(responses=DecisionOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, is_sparse=True)
    def decisions(self, request: Request, pk: str) -> Response:
        """Every decision on it, oldest first. Decisions are made by people, on the page."""
        rows: QuerySet[Decision] = self.get_object().decisions.select_related("decided_by")
        return self.page_of(rows, DecisionOut)

    def lock(self, thing: Experiment) -> None:
        lock_experiment(thing)

    def _shown(self, experiment: Experiment, status: int = 200) -> Response:
        row = Experiment.objects.select_related(*_RELATED).get(pk=experiment.pk)
        return Response(ExperimentOut(row).data, status=status)

    def _read(self, request: Request) -> dict[str, Any]:
        sent = ExperimentIn(data=request.data)
        sent.is_valid(raise_exception=True)
        found: dict[str, Any] = sent.validated_data
        return found

    def _draft(self, sent: dict[str, Any]) -> Draft:
        deployment = Deployment.objects.filter(
            application__slug=sent["application"],
            place__account__account_id=sent["account_id"],
            place__region=sent["region"],
        ).first()
        versions = TemplateVersion.objects.filter(template__slug=sent["template"])
        if "template_version" in sent:
            versions = versions.filter(number=sent["template_version"])
        version = versions.order_by("-number").first()
        problems = []
        if deployment is None:
            problems.append(("application", "is not deployed in this account and Region"))
        if version is None:
            problems.append(("template", "there is no such template version"))
        if deployment is None or version is None:
            raise Invalid.of(problems)
        names = (
            "title", "hypothesis", "parameters", "az", "slot_offset_s", "target_cap",
            "expected_alarms", "recheck_after_min", "also_in",
        )  # fmt: skip
        return Draft(
            deployment=deployment,
            template_version=version,
            steady_state=sent.get("steady_state", deployment.steady_state),
            **{name: sent[name] for name in names},
        )

    def _exercise(self, sent: dict[str, Any]) -> Exercise | None:
        if "exercise" not in sent:
            return None
        found = Exercise.objects.visible_to(self.actor).filter(slug=sent["exercise"]).first()
        if found is None:
            raise Invalid("exercise", "there is no such exercise")
        return found

    def _finding(self, sent: dict[str, Any]) -> Finding | None:
        if "retest_of" not in sent:
            return None
        pk = int(sent["retest_of"].removeprefix("F-"))
        found = Finding.objects.visible_to(self.actor).filter(pk=pk).first()
        if found is None:
            raise Invalid("retest_of", "there is no such finding")
        return found


def _check_what_stays(experiment: Experiment, sent: dict[str, Any]) -> None:
    """What was said when it was written may be sent again, and is not changed here."""
    of_finding = experiment.retest_of_id
    stands = {
        "exercise": (experiment.exercise.slug, "write another experiment"),
        "starts_at": (experiment.exercise.starts_at, "an exercise keeps its window"),
        "retest_of": (f"F-{of_finding}" if of_finding else None, "write another experiment"),
    }
    problems = [
        (name, f"stays {_said(value)}: {why}")
        for name, (value, why) in stands.items()
        if name in sent and sent[name] != value
    ]
    if problems:
        raise Invalid.of(problems)


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value or "empty")
