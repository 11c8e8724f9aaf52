"""/api/v1/game-days/{slug}/…: rules, who is on the board, votes, and the chaos crew's words."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.game_days import GameDayOut, GameRulesIn, ImprovementOut
from exercises.api.representations import RunEventOut
from exercises.api.strict import StrictSerializer
from exercises.models import GameDay, Team
from exercises.queries.game_board import ideas_of
from exercises.queries.naming import names_now
from exercises.services.game_days import LONGEST_WORD, change_rules, opt, say
from exercises.services.improvements import vote


class OptIn(StrictSerializer):
    team = serializers.SlugRelatedField(slug_field="slug", queryset=Team.objects.order_by("slug"))
    is_on = serializers.BooleanField(help_text="On the board; off it, nobody sees its points")


class CrewWordIn(StrictSerializer):
    text = serializers.CharField(max_length=LONGEST_WORD)


class OfGameDay(Resource):
    queryset = GameDay.objects.none()
    serializer_class = GameDayOut
    pagination_class = None
    filterset_class = None

    @extend_schema(operation_id="game_day_rules", request=GameRulesIn, responses=GameDayOut)
    def rules(self, request: Request, slug: str) -> Response:
        """Points and thresholds, until it is live; what is left out is the standard."""
        game_day = self._game_day()
        sent = GameRulesIn(data=request.data)
        sent.is_valid(raise_exception=True)
        change_rules(actor=self.actor, game_day=game_day, rules=sent.validated_data)
        return Response(GameDayOut(self._game_day()).data)

    @extend_schema(operation_id="game_day_opt", request=OptIn, responses={204: None})
    def opt(self, request: Request, slug: str) -> Response:
        """Take a team off the board, or back onto it."""
        game_day = self._game_day()
        sent = OptIn(data=request.data)
        sent.is_valid(raise_exception=True)
        team, out = sent.validated_data["team"], not sent.validated_data["is_on"]
        opt(actor=self.actor, game_day=game_day, team=team, out=out)
        return Response(status=204)

    @extend_schema(operation_id="game_day_vote", request=None, responses=ImprovementOut)
    def vote(self, request: Request, slug: str, pk: int) -> Response:
        """Vote for an idea of somebody else; again is once."""
        ideas = ideas_of(self._game_day())
        vote(actor=self.actor, improvement=get_object_or_404(ideas, pk=pk))
        shown = get_object_or_404(ideas.all(), pk=pk)
        return Response(ImprovementOut(shown, context={"names": names_now()}).data)

    @extend_schema(operation_id="game_day_say", request=CrewWordIn, responses={201: RunEventOut})
    def say(self, request: Request, slug: str) -> Response:
        """A word of the chaos crew to everybody who plays."""
        game_day = self._game_day()
        sent = CrewWordIn(data=request.data)
        sent.is_valid(raise_exception=True)
        event = say(actor=self.actor, game_day=game_day, **sent.validated_data)
        return Response(RunEventOut(event).data, status=201)

    def _game_day(self) -> GameDay:
        rows = GameDay.objects.visible_to(self.actor).select_related("exercise", "chaos_team")
        return get_object_or_404(rows, exercise__slug=self.kwargs["slug"])
