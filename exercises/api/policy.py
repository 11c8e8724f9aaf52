"""/api/v1/policy/: what is in force, every version, and proposing another one.

Putting a version in force is a person's word, given on its page.
"""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.models import PolicyActivation, PolicyVersion
from exercises.queries.policy import current_policy, document_of_version, history
from exercises.services.policy import propose_policy


class ActivationOut(serializers.ModelSerializer[PolicyActivation]):
    activated_by = serializers.CharField(source="activated_by.name")

    class Meta:
        model = PolicyActivation
        fields = ("activated_by", "active_from")


class PolicyVersionOut(serializers.ModelSerializer[PolicyVersion]):
    author = serializers.CharField(source="author.name")
    rules = serializers.JSONField(help_text="The document: rows and concurrency.")
    activations = ActivationOut(many=True, help_text="Empty while it is only proposed.")

    class Meta:
        model = PolicyVersion
        fields = ("number", "digest", "rules", "author", "reason", "created_at", "activations")


class PolicyVersionIn(StrictSerializer):
    rules = serializers.JSONField(help_text="The whole document, as GET returns it.")
    reason = serializers.CharField(max_length=1000)


CURRENT = inline_serializer(
    "PolicyOutline",
    {
        "in_force": serializers.IntegerField(help_text="The number of the version; 1 is built in."),
        "rules": serializers.JSONField(),
        "versions": PolicyVersionOut(many=True),
    },
)


class Policy(Resource):
    queryset = PolicyVersion.objects.none()
    serializer_class = PolicyVersionOut
    filterset_class = None
    pagination_class = None

    @extend_schema(responses=CURRENT)
    def read(self, request: Request) -> Response:
        """What is in force, and every version that somebody proposed, the newest first."""
        number = current_policy().number
        outline: dict[str, Any] = {
            "in_force": number,
            "rules": document_of_version(number),
            "versions": PolicyVersionOut(history(), many=True).data,
        }
        return Response(outline)

    @extend_schema(request=PolicyVersionIn, responses={201: PolicyVersionOut})
    def propose(self, request: Request) -> Response:
        """Write a version. It is in force once another person has said so on its page."""
        sent = PolicyVersionIn(data=request.data)
        sent.is_valid(raise_exception=True)
        version = propose_policy(
            actor=self.actor,
            document=sent.validated_data["rules"],
            reason=sent.validated_data["reason"],
        )
        return Response(PolicyVersionOut(version).data, status=201)


class PolicyOfNumber(Resource):
    queryset = PolicyVersion.objects.none()
    serializer_class = PolicyVersionOut

    @extend_schema(operation_id="policy_version_retrieve", responses=PolicyVersionOut)
    def read(self, request: Request, number: int) -> Response:
        """One proposed version; the built-in one is not proposed by anybody."""
        versions = PolicyVersion.objects.select_related("author")
        return Response(PolicyVersionOut(get_object_or_404(versions, number=number)).data)
