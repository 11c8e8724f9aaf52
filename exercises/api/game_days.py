"""/api/v1/game-days/: plan and read game days, their standings, ledger and improvements.

Judging, giving points, correcting and freezing are a person's word, given on a page.
"""

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
from exercises.api.exercises import ExerciseIn
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import Phase
from exercises.domain.game_rules import LONGEST_MIN, MOST_POINTS, SEVERITIES, rules_from_json
from exercises.domain.score_ledger import EntryKind
from exercises.models import GameDay, GameRound, Improvement, ScoreEntry, Team
from exercises.models.due_work import database_now
from exercises.models.game_days import HELPS
from exercises.queries.game_board import BoardView, board_document, board_of, ideas_of
from exercises.queries.game_ledger import ledger_rows
from exercises.queries.naming import Names, names_now
from exercises.services.game_days import RoundPlan, plan_game_day
from exercises.services.improvements import propose_improvement


class GameDayOut(serializers.ModelSerializer[GameDay]):
    slug = serializers.CharField(source="exercise.slug")
    name = serializers.CharField(source="exercise.name")
    phase = serializers.CharField(source="exercise.phase")
    starts_at = serializers.DateTimeField(source="exercise.starts_at")
    ends_at = serializers.DateTimeField(source="exercise.ends_at")
    timezone = serializers.CharField(source="exercise.timezone")
    chaos_team = serializers.CharField(source="chaos_team.slug")

    class Meta:
        model = GameDay
        fields = (
            "slug", "name", "phase", "starts_at", "ends_at", "timezone", "chaos_team", "rules",
        )  # fmt: skip


class RoundOut(serializers.Serializer[GameRound]):
    number = serializers.IntegerField()
    title = serializers.CharField(allow_null=True, help_text="Null while it is sealed")
    state = serializers.ChoiceField(choices=("sealed", "now", "done"))
    table_top = serializers.BooleanField()
    severity = serializers.CharField()
    starts_at = serializers.DateTimeField()


class GameDayDetail(serializers.Serializer[Any]):
    """A game day with its rounds and who plays."""

    game_day = GameDayOut()
    teams = serializers.ListField(child=serializers.CharField())
    rounds = RoundOut(many=True)


class StandingOut(serializers.Serializer[Any]):
    """Times are the mean over the rounds that were measured, in planned seconds."""

    rank = serializers.IntegerField()
    team = serializers.CharField()
    points = serializers.IntegerField()
    by_round = serializers.DictField(child=serializers.IntegerField())
    inside_ms = serializers.IntegerField()
    window_ms = serializers.IntegerField()
    detected_s = serializers.IntegerField(allow_null=True)
    recovered_s = serializers.IntegerField(allow_null=True)
    improvements_accepted = serializers.IntegerField()


class StandingsOut(serializers.Serializer[Any]):
    """Counted anew from the ledger up to `through_entry`."""

    game_day = serializers.CharField()
    as_of = serializers.DateTimeField()
    through_entry = serializers.IntegerField()
    is_final = serializers.BooleanField()
    edition = serializers.IntegerField(allow_null=True)
    standings = StandingOut(many=True)


class LedgerEntryOut(serializers.ModelSerializer[ScoreEntry]):
    entry = serializers.IntegerField(source="seq")
    kind = serializers.ChoiceField(choices=[kind.value for kind in EntryKind])
    team = serializers.CharField(source="team.slug")
    round = serializers.IntegerField(source="round.number", default=None, allow_null=True)
    corrects = serializers.IntegerField(source="corrects.seq", default=None, allow_null=True)
    by = serializers.CharField(source="author.name", default="chaosplane")

    class Meta:
        model = ScoreEntry
        fields = (
            "entry", "at", "kind", "team", "round", "points", "inside_ms", "window_ms", "took_s",
            "corrects", "reason", "by",
        )  # fmt: skip

    def to_representation(self, entry: ScoreEntry) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(entry)
        names = self.context["names"]
        said = {"reason": names.text(entry.reason), "by": names.of(entry.author) or "chaosplane"}
        return {name: said.get(name, value) for name, value in shown.items()}


class ImprovementOut(serializers.ModelSerializer[Improvement]):
    team = serializers.CharField(source="team.slug")
    round = serializers.IntegerField(source="round.number", default=None, allow_null=True)
    accepted = serializers.BooleanField(
        source="judgement.is_accepted", default=None, allow_null=True
    )
    votes = serializers.IntegerField(source="vote_count")

    class Meta:
        model = Improvement
        fields = (
            "id", "title", "body", "helps", "team", "round", "proposed_at", "accepted", "votes",
        )  # fmt: skip

    def to_representation(self, idea: Improvement) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(idea)
        names = self.context["names"]
        said = {"title": names.text(idea.title), "body": names.text(idea.body)}
        return {name: said.get(name, value) for name, value in shown.items()}


class RoundIn(StrictSerializer):
    """Without a wave it is table-top: nothing is injected."""

    title = serializers.CharField(max_length=120)
    starts_after_s = serializers.IntegerField(min_value=0)
    duration_s = serializers.IntegerField(min_value=60)
    wave = serializers.IntegerField(allow_null=True, default=None)
    severity = serializers.ChoiceField(choices=tuple(SEVERITIES.items()), default="high")
    secret = serializers.CharField(max_length=500, default="", allow_blank=True)


class PaceField(serializers.ListField):
    """In full up to the first, nothing from the second on."""

    def __init__(self, **kwargs: Any) -> None:
        whole = serializers.IntegerField(min_value=0, max_value=LONGEST_MIN)
        super().__init__(
            child=whole,
            min_length=2,
            max_length=2,
            required=False,
            help_text="Planned minutes, the first smaller",
            **kwargs,
        )


class ThresholdsIn(StrictSerializer):
    """How fast a fault of one severity is to be detected and recovered from."""

    detection = PaceField()
    recovery = PaceField()


class ThresholdsOfSeveritiesIn(StrictSerializer):
    critical = ThresholdsIn(required=False)
    high = ThresholdsIn(required=False)
    medium = ThresholdsIn(required=False)
    low = ThresholdsIn(required=False)


def _points() -> serializers.IntegerField:
    limit = f"a whole number from 0 to {MOST_POINTS:,}"
    return serializers.IntegerField(
        min_value=0,
        max_value=MOST_POINTS,
        required=False,
        error_messages={"min_value": limit, "max_value": limit},
    )


class GameRulesIn(StrictSerializer):
    """Points; what is left out is the standard."""

    availability = _points()
    detection = _points()
    recovery = _points()
    idea = _points()
    table_top = _points()
    bonus = _points()
    thresholds = ThresholdsOfSeveritiesIn(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            rules_from_json(data)
        except Invalid as error:
            raise serializers.ValidationError(dict(error.problems)) from error
        return data


class GameDayIn(ExerciseIn):
    chaos_team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("slug")
    )
    teams = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("slug"), many=True
    )
    rounds = RoundIn(many=True)
    rules = GameRulesIn(default=dict)

    def values(self) -> dict[str, Any]:
        data = dict(self.validated_data)
        return data | {"rounds": [RoundPlan(**row) for row in data["rounds"]]}


class ImprovementIn(StrictSerializer):
    team = serializers.SlugRelatedField(slug_field="slug", queryset=Team.objects.order_by("slug"))
    title = serializers.CharField(max_length=160)
    helps = serializers.ChoiceField(choices=HELPS)
    body = serializers.CharField(max_length=2000, default="", allow_blank=True)


class GameDayFilter(django_filters.FilterSet):
    phase = django_filters.ChoiceFilter(
        "exercise__phase", choices=[(p.value, p.label) for p in Phase]
    )

    class Meta:
        model = GameDay
        fields: tuple[str, ...] = ()


class GameDays(mixins.ListModelMixin, Resource):
    queryset = GameDay.objects.none()
    serializer_class = GameDayOut
    filterset_class = GameDayFilter
    lookup_field = "exercise__slug"
    lookup_url_kwarg = "slug"

    def get_queryset(self) -> QuerySet[GameDay]:
        if self.is_schema:
            return GameDay.objects.none()
        rows = GameDay.objects.visible_to(self.actor).select_related("exercise", "chaos_team")
        return rows.order_by("-exercise__starts_at", "-pk")

    def get_serializer_context(self) -> dict[str, Any]:
        names = Names() if self.is_schema else names_now()
        return {**super().get_serializer_context(), "names": names}

    def get_serializer_class(self) -> Any:
        return GameDayDetail if self.action == "retrieve" else GameDayOut

    @extend_schema(responses=GameDayDetail)
    def retrieve(self, request: Request, slug: str) -> Response:
        """With its rounds and the teams on the board."""
        return Response(self.narrowed(self._detail(self.get_object())).data)

    @extend_schema(request=GameDayIn, responses={201: GameDayDetail})
    def create(self, request: Request) -> Response:
        """Plan one: an exercise with rounds, a chaos team and teams that play."""
        sent = GameDayIn(data=request.data)
        sent.is_valid(raise_exception=True)
        planned = plan_game_day(actor=self.actor, **sent.values())
        return Response(self._detail(planned).data, status=201)

    @extend_schema(responses=StandingsOut)
    @action(detail=True, methods=["get"], filterset_class=None)
    def standings(self, request: Request, slug: str) -> Response:
        """The board, counted from the ledger."""
        view = BoardView(self.get_object().exercise_id)
        document = board_document(board_of(view, now=database_now()))
        return Response(StandingsOut(document).data)

    @extend_schema(responses=LedgerEntryOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, is_sparse=True)
    def ledger(self, request: Request, slug: str) -> Response:
        """Every entry, oldest first: enough to count the standings again."""
        return self.page_of(ledger_rows(self.get_object()), LedgerEntryOut)

    @extend_schema(responses=ImprovementOut(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, is_sparse=True)
    def improvements(self, request: Request, slug: str) -> Response:
        """What was proposed, most votes first."""
        return self.page_of(ideas_of(self.get_object()), ImprovementOut)

    @extend_schema(request=ImprovementIn, responses={201: ImprovementOut})
    @improvements.mapping.post
    def propose(self, request: Request, slug: str) -> Response:
        """Put an idea before the jury, for a team of yours that plays."""
        sent = ImprovementIn(data=request.data)
        sent.is_valid(raise_exception=True)
        game_day = self.get_object()
        idea = propose_improvement(actor=self.actor, game_day=game_day, **sent.validated_data)
        shown = ideas_of(game_day).get(pk=idea.pk)
        context = self.get_serializer_context()
        return Response(ImprovementOut(shown, context=context).data, status=201)

    def _detail(self, game_day: GameDay) -> GameDayDetail:
        board = board_of(BoardView(game_day.exercise_id), now=database_now())
        return GameDayDetail(
            {
                "game_day": board.game_day,
                "teams": sorted(board.teams[pk].slug for pk in board.playing),
                "rounds": [
                    {
                        "number": one.at.number,
                        "title": None if one.is_sealed else one.at.round.title,
                        "state": one.at.state,
                        "table_top": one.at.round.is_table_top,
                        "severity": one.at.round.severity,
                        "starts_at": one.at.starts_at,
                    }
                    for one in board.rounds
                ],
            }
        )
