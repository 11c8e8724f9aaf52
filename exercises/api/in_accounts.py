"""What is asked of AWS right now: whether roles work, what would be hit; and a Region's stop."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.exercises import StopIn
from exercises.api.representations import StopOut
from exercises.models import AccountRegion, CloudAccount, Experiment, RoleCheck, TargetPreview
from exercises.services.preflight import preview_targets
from exercises.services.role_checks import check_account
from exercises.services.stop import stop_region


class RoleCheckOut(serializers.ModelSerializer[RoleCheck]):
    class Meta:
        model = RoleCheck
        fields = ("purpose", "is_ok", "message", "checked_at")


class TargetsOut(serializers.ModelSerializer[TargetPreview]):
    """`targets` by the names of the plan; `fleet` is all that there is to hit or leave."""

    targets = serializers.JSONField()
    fleet = serializers.JSONField()

    class Meta:
        model = TargetPreview
        fields = ("experiment", "digest", "targets", "fleet", "problem", "resolved_at")


class InAccount(Resource):
    queryset = CloudAccount.objects.none()
    serializer_class = RoleCheckOut
    pagination_class = None
    filterset_class = None

    @extend_schema(operation_id="account_check", request=None, responses=RoleCheckOut(many=True))
    def check(self, request: Request, account_id: str) -> Response:
        """Look now whether each role is in place; changes nothing in the account."""
        rows = CloudAccount.objects.select_related("team")
        account = get_object_or_404(rows, account_id=account_id)
        checks = check_account(actor=self.actor, account=account)
        return Response(RoleCheckOut(checks, many=True).data)

    @extend_schema(operation_id="account_stop", request=StopIn, responses={200: StopOut(many=True)})
    def stop(self, request: Request, account_id: str, region: str) -> Response:
        """Engage the safety lever: everything there stops, whoever started it, and nothing
        starts until two people have released it."""
        places = AccountRegion.objects.select_related("account")
        place = get_object_or_404(places, account__account_id=account_id, region=region)
        sent = StopIn(data=request.data)
        sent.is_valid(raise_exception=True)
        outcomes: Any = stop_region(actor=self.actor, place=place, **sent.validated_data)
        return Response(StopOut(outcomes, many=True).data)


class Targets(Resource):
    queryset = Experiment.objects.none()
    serializer_class = TargetsOut
    pagination_class = None
    filterset_class = None

    @extend_schema(operation_id="experiment_targets", request=None, responses=TargetsOut)
    def look(self, request: Request, pk: int) -> Response:
        """Look up in the account what would be hit; a draft that is complete has it, too."""
        seen = Experiment.objects.visible_to(self.actor)
        experiment = get_object_or_404(seen, pk=pk)
        preview = preview_targets(actor=self.actor, experiment=experiment)
        return Response(TargetsOut(preview).data)
