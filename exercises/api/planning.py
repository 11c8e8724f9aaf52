"""What planning asks: the calendar, conflicts, free slots and what applications depend on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.conflicts import Kind, Level
from exercises.domain.errors import Invalid
from exercises.domain.times import Window
from exercises.models import Application, Exercise, Team
from exercises.models.due_work import database_now
from exercises.queries.calendar import Show, calendar_entries
from exercises.queries.compose import editable_experiment
from exercises.queries.conflicts import UNNAMED, exercise_conflicts
from exercises.queries.free_slots import next_free
from exercises.services.dependencies import change_dependencies

LONGEST: Final = timedelta(days=400)


class SpanIn(StrictSerializer):
    """Between which instants, and what to leave out."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text=f"At most {LONGEST.days} days after since")
    team = serializers.SlugField(required=False, help_text="Only what concerns this team")
    region = serializers.CharField(max_length=32, required=False)
    production_only = serializers.BooleanField(default=False)


class EntryOut(serializers.Serializer[Any]):
    """One thing in the calendar. A deadline is a whole day of its `timezone`."""

    uid = serializers.CharField()
    what = serializers.ChoiceField(
        source="kind",
        choices=["exercise", "game_day", "experiment", "deadline", "freeze", "planned"],
    )
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    exercise = serializers.CharField(source="exercise_slug", allow_blank=True)
    experiment = serializers.SerializerMethodField()
    phase = serializers.CharField(allow_blank=True)
    region = serializers.CharField(allow_blank=True)
    is_cancelled = serializers.BooleanField()

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_experiment(self, entry: Any) -> Any:
        return entry.experiment_id or None


class SlotOut(serializers.Serializer[Any]):
    """An experiment in its planned time. `id` is null where you may not see which one it is."""

    id = serializers.SerializerMethodField()
    name = serializers.CharField(source="label")
    application = serializers.CharField()
    starts_at = serializers.DateTimeField(source="span.starts_at")
    ends_at = serializers.DateTimeField(source="span.ends_at")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_id(self, slot: Any) -> Any:
        return slot.id if slot.label != UNNAMED else None


class ConflictOut(serializers.Serializer[Any]):
    """`level`: block, the gate would refuse the later start; warn, think again; note."""

    shared = serializers.ChoiceField(source="kind", choices=[kind.value for kind in Kind])
    level = serializers.ChoiceField(choices=[level.value for level in Level])
    because = serializers.CharField()
    lifted_by = serializers.CharField()
    experiments = SlotOut(source="slots", many=True)


class FreeSlotsOut(serializers.Serializer[Any]):
    starts_at = serializers.ListField(child=serializers.DateTimeField())


class DependenciesIn(StrictSerializer):
    """All of them; what is left out is no longer needed."""

    depends_on = serializers.ListField(child=serializers.SlugField(), max_length=50)


class DependenciesOut(serializers.Serializer[Any]):
    depends_on = serializers.ListField(child=serializers.SlugField())
    needed_by = serializers.ListField(child=serializers.SlugField())


class Calendar(Resource):
    pagination_class = None
    serializer_class = EntryOut

    @extend_schema(parameters=[SpanIn], responses=EntryOut(many=True), filters=False)
    def read(self, request: Request) -> Response:
        """Everything between two instants that you may see, by time."""
        sent = SpanIn(data=request.query_params)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data
        window = _window(values["since"], values["until"])
        show = Show(
            teams=_teams(values.get("team")),
            production_only=values["production_only"],
            region=values.get("region", ""),
        )
        found = calendar_entries(self.actor, window, now=database_now(), show=show)
        return Response(EntryOut(found, many=True).data)


class Conflicts(Resource):
    pagination_class = None
    serializer_class = ConflictOut

    @extend_schema(responses=ConflictOut(many=True), filters=False)
    def read(self, request: Request, slug: str) -> Response:
        """What is in each other's way in an exercise, the most serious first."""
        exercise = Exercise.objects.visible_to(self.actor).filter(slug=slug).first()
        if exercise is None:
            raise Http404
        found = exercise_conflicts(self.actor, exercise)
        return Response(ConflictOut(found.clashes, many=True).data)


class FreeSlots(Resource):
    serializer_class = FreeSlotsOut

    @extend_schema(responses=FreeSlotsOut, filters=False)
    def read(self, request: Request, pk: int) -> Response:
        """The next starts at which this experiment would be in nobody's way."""
        experiment = editable_experiment(self.actor, pk)
        if experiment is None:
            raise Http404
        found = next_free(experiment, now=database_now(), limit=10)
        return Response(FreeSlotsOut({"starts_at": found}).data)


class Dependencies(Resource):
    serializer_class = DependenciesOut

    @extend_schema(responses=DependenciesOut, filters=False)
    def read(self, request: Request, slug: str) -> Response:
        """What an application depends on, and what depends on it."""
        return self._shown(self._application(slug))

    @extend_schema(request=DependenciesIn, responses=DependenciesOut)
    def write(self, request: Request, slug: str) -> Response:
        """Name all that it depends on. A circle is refused, with the way of it."""
        application = self._application(slug)
        sent = DependenciesIn(data=request.data)
        sent.is_valid(raise_exception=True)
        slugs = sent.validated_data["depends_on"]
        found = {one.slug: one for one in Application.objects.filter(slug__in=slugs)}
        if unknown := sorted(set(slugs) - set(found)):
            raise Invalid("depends_on", f"there is no application {unknown[0]}")
        change_dependencies(
            actor=self.actor, application=application, depends_on=list(found.values())
        )
        return self._shown(application)

    def _application(self, slug: str) -> Application:
        found = Application.objects.select_related("team").filter(slug=slug).first()
        if found is None:
            raise Http404
        return found

    def _shown(self, application: Application) -> Response:
        names = {
            "depends_on": application.depends_on.order_by("slug"),
            "needed_by": application.dependents.order_by("slug"),
        }
        listed = {name: list(rows.values_list("slug", flat=True)) for name, rows in names.items()}
        return Response(DependenciesOut(listed).data)


def _window(since: Any, until: Any) -> Window:
    if until <= since:
        raise Invalid("until", "after since")
    if until - since > LONGEST:
        raise Invalid("until", f"at most {LONGEST.days} days after since")
    return Window(since, until)


def _teams(slug: str | None) -> frozenset[int] | None:
    if slug is None:
        return None
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        raise Invalid("team", "there is no such team")
    return frozenset({team.pk})
