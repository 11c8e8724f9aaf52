"""AZ readiness: which resources of an account carry the tags by which scenarios select."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.az_readiness import KindReadiness
from exercises.domain.errors import Invalid
from exercises.models import CloudAccount
from exercises.permissions import authorize
from exercises.services.az_readiness import look_at_tags


class RegionIn(StrictSerializer):
    region = serializers.CharField(max_length=32, help_text="One of the account's")


class KindReadinessOut(serializers.Serializer[Any]):
    scenario = serializers.CharField(source="wanted.scenario")
    kind = serializers.CharField(source="wanted.kind")
    resource_type = serializers.CharField(source="wanted.resource_type")
    tag_key = serializers.CharField(source="wanted.key")
    tag_value = serializers.CharField(source="wanted.value")
    state = serializers.ChoiceField(choices=["ready", "partly", "none"])
    tagged = serializers.IntegerField()
    by_zone = serializers.DictField(
        child=serializers.IntegerField(), help_text="By the physical id of the zone: euc1-az2"
    )
    untagged = serializers.SerializerMethodField(
        help_text="ARNs without the tag; null where only tagged resources can be seen"
    )
    commands = serializers.ListField(child=serializers.CharField())

    def get_untagged(self, row: KindReadiness) -> list[str] | None:
        return None if row.untagged is None else [each.arn for each in row.untagged]


class AzReadiness(Resource):
    serializer_class = KindReadinessOut
    pagination_class = None

    @extend_schema(parameters=[RegionIn], responses=KindReadinessOut(many=True), filters=False)
    def read(self, request: Request, account_id: str) -> Response:
        """Ask AWS which resources the scenarios of an Availability Zone would find there."""
        account = CloudAccount.objects.filter(account_id=account_id).first()
        if account is None:
            raise Http404("no such account")
        authorize(self.actor, "account.look", account)
        sent = RegionIn(data=request.query_params)
        sent.is_valid(raise_exception=True)
        region = sent.validated_data["region"]
        place = account.regions.select_related("account").filter(region=region).first()
        if place is None:
            raise Invalid("region", "one of this account's")
        rows = list(look_at_tags(actor=self.actor, place=place))
        return Response(KindReadinessOut(rows, many=True).data)
