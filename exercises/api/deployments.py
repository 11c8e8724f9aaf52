"""/api/v1/applications/{slug}/deployments/: where an application runs, its alarms and probes."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.estate import DeploymentOut
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.models import AccountRegion, Application, Deployment
from exercises.services.applications import change_deployment, register_deployment


class DeploymentChange(StrictSerializer):
    """As it is to be. What was approved keeps what it was approved with."""

    tag_value = serializers.CharField(
        max_length=120, help_text="Of the tag chaosplane:application on its resources"
    )
    alarm_arns = serializers.ListField(
        child=serializers.CharField(max_length=400), max_length=5, default=list
    )
    steady_state = serializers.ListField(
        child=serializers.DictField(), default=list, help_text="Probes, as GET shows them"
    )


class DeploymentIn(DeploymentChange):
    account_id = serializers.RegexField(r"^\d{12}$")
    region = serializers.CharField(max_length=32)


class Deployments(Resource):
    queryset = Deployment.objects.none()
    serializer_class = DeploymentOut
    pagination_class = None
    filterset_class = None
    is_matched = True

    def get_object(self) -> Deployment:
        rows = Deployment.objects.select_related("application__team", "place__account")
        return get_object_or_404(
            rows,
            application__slug=self.kwargs["slug"],
            place__account__account_id=self.kwargs["account_id"],
            place__region=self.kwargs["region"],
        )

    @extend_schema(
        operation_id="deployment_create", request=DeploymentIn, responses={201: DeploymentOut}
    )
    def create(self, request: Request, slug: str) -> Response:
        """Say where the application runs, which alarms stop a fault, which probes watch it."""
        application = get_object_or_404(Application.objects.select_related("team"), slug=slug)
        sent = DeploymentIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(sent.validated_data)
        account_id, region = values.pop("account_id"), values.pop("region")
        places = AccountRegion.objects.select_related("account")
        place = places.filter(account__account_id=account_id, region=region).first()
        if place is None:
            raise Invalid("account_id", "is not registered with this Region")
        made = register_deployment(actor=self.actor, application=application, place=place, **values)
        return Response(DeploymentOut(made).data, status=201)

    @extend_schema(operation_id="deployment_retrieve", responses=DeploymentOut)
    def retrieve(self, request: Request, **named: str) -> Response:
        """Where it runs, with its alarms and probes."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="deployment_update", request=DeploymentChange, responses=DeploymentOut
    )
    def update(self, request: Request, **named: str) -> Response:
        """Another tag, other alarms or probes."""
        sent = DeploymentChange(data=request.data)
        sent.is_valid(raise_exception=True)
        with self.as_read() as deployment:
            change_deployment(actor=self.actor, deployment=deployment, **sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)
