"""/api/v1/clauses/: the clauses that evidence may serve, as guidance; POST writes a version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exercises.api.authentication import actor_of
from exercises.api.strict import StrictSerializer
from exercises.permissions import authorize
from exercises.queries.clauses import Clause, clause_table
from exercises.services.clauses import write_clauses


class ClauseRow(StrictSerializer):
    """`served_by` names parts of an evidence pack."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    clause = serializers.CharField()
    about = serializers.CharField()
    served_by = serializers.ListField(child=serializers.CharField())


class ClausesIn(StrictSerializer):
    """`based_on` is the number of the version that was read, 0 for the table that came along."""

    note = serializers.CharField()
    clauses = ClauseRow(many=True)
    based_on = serializers.IntegerField(min_value=0)


class ClausesOut(serializers.Serializer[Any]):
    """Guidance, never legal advice."""

    number = serializers.IntegerField()
    note = serializers.CharField()
    clauses = ClauseRow(many=True)


class Clauses(APIView):
    @extend_schema(operation_id="clauses_retrieve", responses=ClausesOut)
    def get(self, request: Request) -> Response:
        """The table in use."""
        return Response(_document())

    @extend_schema(operation_id="clauses_create", request=ClausesIn, responses={201: ClausesOut})
    def post(self, request: Request) -> Response:
        """Write the next version; earlier ones stay."""
        actor = actor_of(request)
        authorize(actor, "policy.propose")
        sent = ClausesIn(data=request.data)
        sent.is_valid(raise_exception=True)
        wanted = sent.validated_data
        write_clauses(
            actor=actor,
            note=wanted["note"],
            clauses=[
                Clause(row["source"], row["clause"], row["about"], tuple(row["served_by"]))
                for row in wanted["clauses"]
            ],
            based_on=wanted["based_on"],
        )
        return Response(_document(), status=201)


def _document() -> dict[str, Any]:
    table = clause_table()
    return {
        "number": table.number,
        "note": table.note,
        "clauses": [asdict(one) for one in table.clauses],
    }
