"""/api/v1/findings/: list, read, write down, edit, take the next step, waive, comment, ask."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.propagation import FindingQuestions
from exercises.api.representations import FindingOut
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.domain.finding_states import FindingState, Severity
from exercises.models import Application, Exercise, Finding, User
from exercises.queries.debrief import families_in
from exercises.queries.findings import possible_owners
from exercises.queries.naming import Names, names_now
from exercises.services.findings import (
    comment_on_finding,
    edit_finding,
    move_finding,
    raise_finding,
    waive_finding,
)


class FindingFilter(django_filters.FilterSet):
    exercise = django_filters.CharFilter("exercise__slug")
    application = django_filters.CharFilter("application__slug")
    state = django_filters.ChoiceFilter(choices=[(s.value, s.label) for s in FindingState])
    severity = django_filters.NumberFilter()

    class Meta:
        model = Finding
        fields: tuple[str, ...] = ()


class FindingWordsIn(StrictSerializer):
    """The words of a finding. `severity` is 1 low, 2 medium, 3 high."""

    title = serializers.CharField()
    body = serializers.CharField(default="", allow_blank=True)
    severity = serializers.IntegerField(min_value=1, max_value=3, default=2)


class FindingIn(FindingWordsIn):
    exercise = serializers.SlugField(max_length=60)
    application = serializers.SlugField()
    failure_family = serializers.SlugField(max_length=60, help_text="What was injected")


class FindingChange(FindingWordsIn):
    """A finding as it is to be; `owner` is the e-mail address of a member of its team."""

    owner = serializers.EmailField(allow_null=True, default=None)
    due_on = serializers.DateField(allow_null=True, default=None)
    tracker_url = serializers.CharField(default="", allow_blank=True, help_text="https only")


class StepIn(StrictSerializer):
    to = serializers.ChoiceField(choices=[(s.value, s.label) for s in FindingState])
    text = serializers.CharField(default="", allow_blank=True)


class WaiverIn(StrictSerializer):
    until = serializers.DateField()
    because = serializers.CharField()


class WordIn(StrictSerializer):
    text = serializers.CharField()


class Findings(mixins.ListModelMixin, mixins.RetrieveModelMixin, FindingQuestions):
    queryset = Finding.objects.none()
    serializer_class = FindingOut
    filterset_class = FindingFilter
    is_matched = True

    def get_queryset(self) -> QuerySet[Finding]:
        if self.is_schema:
            return Finding.objects.none()
        rows = Finding.objects.visible_to(self.actor)
        return rows.select_related("exercise", "application", "owner")

    def get_serializer_context(self) -> dict[str, Any]:
        names = Names() if self.is_schema else names_now()
        return {**super().get_serializer_context(), "names": names}

    @extend_schema(request=FindingIn, responses={201: FindingOut})
    def create(self, request: Request) -> Response:
        """Write down what a person saw in an exercise."""
        sent = _read(FindingIn, request)
        exercise = Exercise.objects.visible_to(self.actor).filter(slug=sent["exercise"]).first()
        if exercise is None:
            raise Invalid("exercise", "there is no such exercise")
        application = Application.objects.filter(
            slug=sent["application"], experiments__exercise=exercise
        ).first()
        if application is None:
            raise Invalid("application", "takes no part in this exercise")
        if sent["failure_family"] not in families_in(exercise):
            raise Invalid("failure_family", "was not injected in this exercise")
        finding = raise_finding(
            actor=self.actor,
            exercise=exercise,
            application=application,
            title=sent["title"],
            body=sent["body"],
            severity=Severity(sent["severity"]),
            failure_family=sent["failure_family"],
        )
        return Response(self.get_serializer(finding).data, status=201)

    @extend_schema(request=FindingChange, responses=FindingOut)
    def update(self, request: Request, pk: str) -> Response:
        """Write its words, owner, day and ticket anew."""
        with self.as_read() as finding:
            sent = _read(FindingChange, request)
            sent["severity"] = Severity(sent["severity"])
            email = sent.pop("owner")
            owner = None if email is None else _owner(finding, email)
            edit_finding(actor=self.actor, finding=finding, owner=owner, **sent)
        return self._shown()

    @extend_schema(request=StepIn, responses=FindingOut)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Take it to the next step of its life; verified only by a run that held, or
        that set off the alarm which had stayed silent."""
        sent = _read(StepIn, request)
        move_finding(
            actor=self.actor,
            finding=self.get_object(),
            to=FindingState(sent["to"]),
            text=sent["text"],
        )
        return self._shown()

    @extend_schema(request=WaiverIn, responses=FindingOut)
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str) -> Response:
        """Leave it as it is until a day, in one's own name."""
        waive_finding(actor=self.actor, finding=self.get_object(), **_read(WaiverIn, request))
        return self._shown()

    @extend_schema(request=WordIn, responses={204: None})
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Add a word to its history."""
        comment_on_finding(actor=self.actor, finding=self.get_object(), **_read(WordIn, request))
        return Response(status=204)

    def _shown(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


def _owner(finding: Finding, email: str) -> User:
    for person in possible_owners(finding):
        if person.email == email.lower():
            return person
    raise Invalid("owner", "a member of the application's team")


def _read(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    sent = kind(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
