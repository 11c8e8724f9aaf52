"""/api/v1/search/: things by name or by code, as the field in the head of every page finds them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.queries.search import EACH, LONGEST, search


class SearchIn(StrictSerializer):
    """What is looked for."""

    q = serializers.CharField(
        max_length=LONGEST,
        help_text="Words that its name or place has, all of them, or a code: EXP-12, F-3",
    )


class HitOut(serializers.Serializer[Any]):
    """One thing that was found; `beside` tells it from its like."""

    kind = serializers.ChoiceField(
        choices=[
            "exercise",
            "experiment",
            "finding",
            "application",
            "team",
            "template",
            "account",
            "knowledge",
        ]
    )
    key = serializers.CharField(help_text="By which the API and the pages know it")
    name = serializers.CharField()
    beside = serializers.CharField(allow_blank=True)


class Search(Resource):
    serializer_class = HitOut
    pagination_class = None

    @extend_schema(
        parameters=[SearchIn],
        responses=HitOut(many=True),
        filters=False,
        description=f"At most {EACH} of each kind, of what you may see.",
    )
    def read(self, request: Request) -> Response:
        """What is called so."""
        asked = SearchIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(HitOut(search(self.actor, asked.validated_data["q"]), many=True).data)
