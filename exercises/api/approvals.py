"""/api/v1/experiments/{id}/asked/: what is granted, what is missing. To read only."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.representations import RefusalOut
from exercises.domain.capacities import label
from exercises.models import Experiment
from exercises.models.due_work import database_now
from exercises.queries.approvals import approvals_shown


class GrantedOut(serializers.Serializer[Any]):
    capacity = serializers.CharField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()


class ApprovalOut(serializers.Serializer[Any]):
    """Of what stands there now. `missing` are the capacities that are asked."""

    is_complete = serializers.BooleanField()
    granted = GrantedOut(many=True)
    missing = serializers.ListField(child=serializers.CharField())
    refusals = RefusalOut(many=True)


class Approval(Resource):
    serializer_class = ApprovalOut

    @extend_schema(responses=ApprovalOut, filters=False)
    def read(self, request: Request, pk: int) -> Response:
        """Who approved and who is asked. People decide, on the page."""
        experiment = Experiment.objects.visible_to(self.actor).with_all().filter(pk=pk).first()
        if experiment is None:
            raise Http404("no such experiment")
        status = approvals_shown([experiment], now=database_now())[experiment.pk]
        shown = {
            "is_complete": status.is_complete,
            "granted": [
                {
                    "capacity": label(one.capacity),
                    "decided_by": one.user_name,
                    "decided_at": one.decided_at,
                    "valid_until": one.valid_until,
                }
                for one in status.granted
            ],
            "missing": [label(capacity) for capacity in status.missing],
            "refusals": status.refusals,
        }
        return Response(ApprovalOut(shown).data)
