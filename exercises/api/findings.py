"""/api/v1/findings/: list and read, and ask who is built alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins

from exercises.api.propagation import FindingQuestions
from exercises.api.representations import FindingOut
from exercises.domain.finding_states import FindingState
from exercises.models import Finding
from exercises.queries.naming import Names, names_now


class FindingFilter(django_filters.FilterSet):
    exercise = django_filters.CharFilter("exercise__slug")
    application = django_filters.CharFilter("application__slug")
    state = django_filters.ChoiceFilter(choices=[(s.value, s.label) for s in FindingState])
    severity = django_filters.ChoiceFilter(choices=[(str(n), str(n)) for n in range(1, 5)])

    class Meta:
        model = Finding
        fields: tuple[str, ...] = ()


class Findings(mixins.ListModelMixin, mixins.RetrieveModelMixin, FindingQuestions):
    queryset = Finding.objects.none()
    serializer_class = FindingOut
    filterset_class = FindingFilter

    def get_queryset(self) -> QuerySet[Finding]:
        if self.is_schema:
            return Finding.objects.none()
        rows = Finding.objects.visible_to(self.actor)
        return rows.select_related("exercise", "application", "owner")

    def get_serializer_context(self) -> dict[str, Any]:
        names = Names() if self.is_schema else names_now()
        return {**super().get_serializer_context(), "names": names}
