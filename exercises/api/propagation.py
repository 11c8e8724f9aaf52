"""Could this hit you? /api/v1/findings/{id}/questions/ and /api/v1/finding-questions/."""

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
from exercises.api.strict import StrictSerializer
from exercises.models import Application, Experiment, Finding, FindingQuestion
from exercises.queries.propagation import questions_for
from exercises.services.propagation import answer_question, ask_look_alikes


class QuestionOut(serializers.ModelSerializer[FindingQuestion]):
    """`experiment` is null too while it is a draft of another team."""

    finding = serializers.CharField(source="finding.code", read_only=True)
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    team = serializers.CharField(source="application.team.slug", read_only=True)
    experiment = serializers.SerializerMethodField()

    class Meta:
        model = FindingQuestion
        fields = (
            "id", "finding", "application", "team", "shared_tags", "asked_at", "answer",
            "because", "answered_at", "experiment",
        )  # fmt: skip

    def get_experiment(self, question: FindingQuestion) -> int | None:
        seen: set[int] = self.context["seen"]
        return question.experiment_id if question.experiment_id in seen else None


class AskIn(StrictSerializer):
    applications = serializers.ListField(
        child=serializers.SlugField(),
        required=False,
        max_length=100,
        help_text="Look-alikes by their short names; all of them when left out",
    )


class AnswerIn(StrictSerializer):
    answer = serializers.ChoiceField(choices=FindingQuestion.ANSWERS)
    because = serializers.CharField(default="", allow_blank=True)


class QuestionFilter(django_filters.FilterSet):
    finding = django_filters.NumberFilter("finding")
    application = django_filters.CharFilter("application__slug")
    team = django_filters.CharFilter("application__team__slug")
    is_answered = django_filters.BooleanFilter("answered_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = FindingQuestion
        fields: tuple[str, ...] = ()


class FindingQuestions(Resource):
    """Mixed into the resource of findings: who was asked about one, and asking."""

    @extend_schema(request=AskIn, responses={201: QuestionOut(many=True)}, filters=False)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask "could this hit you?" of the applications that are built alike."""
        finding: Finding = self.get_object()
        sent = AskIn(data=request.data)
        sent.is_valid(raise_exception=True)
        slugs = sent.validated_data.get("applications")
        chosen = None
        if slugs is not None:
            chosen = list(Application.objects.filter(slug__in=slugs))
            unknown = sorted(set(slugs) - {one.slug for one in chosen})
            if unknown:
                raise serializers.ValidationError(
                    {"applications": [f"there is no {slug}" for slug in unknown]}
                )
        asked = ask_look_alikes(actor=self.actor, finding=finding, applications=chosen)
        shown = QuestionOut(asked, many=True, context={"seen": set()})
        return Response(shown.data, status=201)


class Questions(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What was asked of look-alikes, and their answers."""

    queryset = FindingQuestion.objects.none()
    serializer_class = QuestionOut
    filterset_class = QuestionFilter

    def get_queryset(self) -> QuerySet[FindingQuestion]:
        if self.is_schema:
            return FindingQuestion.objects.none()
        return questions_for(self.actor).order_by("-asked_at", "-pk")

    def get_serializer_context(self) -> dict[str, Any]:
        seen = set() if self.is_schema else self._seen()
        return {**super().get_serializer_context(), "seen": seen}

    @extend_schema(request=AnswerIn, responses=QuestionOut)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Answer for an application of one's own team."""
        sent = AnswerIn(data=request.data)
        sent.is_valid(raise_exception=True)
        answer_question(actor=self.actor, question=self.get_object(), **sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    def _seen(self) -> set[int]:
        """The experiments that this actor may know of; those of a page are asked for at once."""
        rows = FindingQuestion.objects.filter(experiment__isnull=False)
        ids = Experiment.objects.visible_to(self.actor).filter(pk__in=rows.values("experiment"))
        return set(ids.values_list("pk", flat=True))
