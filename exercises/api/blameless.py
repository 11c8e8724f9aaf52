"""/api/v1/blameless/: whether findings, debriefs and reports name people."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.queries.naming import current_setting
from exercises.services.blameless import set_blameless


class BlamelessIn(StrictSerializer):
    is_on = serializers.BooleanField()


class Blameless(Resource):
    serializer_class = BlamelessIn

    @extend_schema(responses=BlamelessIn)
    def read(self, request: Request) -> Response:
        """Whether nobody is named."""
        setting = current_setting()
        return Response({"is_on": bool(setting and setting.is_on)})

    @extend_schema(request=BlamelessIn, responses=BlamelessIn)
    def write(self, request: Request) -> Response:
        """Switch it, as a programme lead."""
        sent = BlamelessIn(data=request.data)
        sent.is_valid(raise_exception=True)
        setting = set_blameless(actor=self.actor, is_on=sent.validated_data["is_on"])
        return Response({"is_on": setting.is_on})
