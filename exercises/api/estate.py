"""/api/v1/accounts/ and /api/v1/applications/: list, read, register, change.

What is registered is seen by everybody who is signed in; the external id only by those who
set accounts up.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.objectives import LONGEST_S
from exercises.models import AccountRegion, Application, CloudAccount, Deployment, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.permissions import may
from exercises.queries.estate import registered_accounts
from exercises.services.accounts import RegionSettings, change_account, register_account
from exercises.services.applications import change_application, register_application


class RegionOut(serializers.ModelSerializer[AccountRegion]):
    class Meta:
        model = AccountRegion
        fields = (
            "region", "az_ids", "heartbeat_alarm_arn", "event_queue_url", "scanned_at",
            "scan_problem",
        )  # fmt: skip


class AccountOut(serializers.ModelSerializer[CloudAccount]):
    team = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )
    regions = RegionOut(many=True, read_only=True)
    external_id = serializers.SerializerMethodField()

    class Meta:
        model = CloudAccount
        fields = (
            "account_id", "name", "environment", "team", "read_role_arn", "start_role_arn",
            "stop_role_arn", "fis_role_arn", "regions", "external_id",
        )  # fmt: skip

    def get_external_id(self, account: CloudAccount) -> str:
        """Empty for those who do not set accounts up."""
        return account.external_id if self.context["sees_external_id"] else ""


class RegionIn(StrictSerializer):
    az_ids = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=32), default=dict
    )
    heartbeat_alarm_arn = serializers.CharField(default="", allow_blank=True, max_length=300)
    event_queue_url = serializers.CharField(default="", allow_blank=True, max_length=300)


class AccountChange(StrictSerializer):
    """An account as it is to be; Regions that are not named stay as they are."""

    name = serializers.CharField(max_length=64)
    environment = serializers.ChoiceField(choices=ENVIRONMENTS)
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.order_by("slug"), allow_null=True, default=None
    )
    read_role_arn = serializers.CharField(max_length=200)
    start_role_arn = serializers.CharField(max_length=200)
    stop_role_arn = serializers.CharField(max_length=200)
    fis_role_arn = serializers.CharField(max_length=200)
    regions = serializers.DictField(child=RegionIn(), default=dict)

    def settings(self) -> dict[str, RegionSettings]:
        given = self.validated_data["regions"]
        return {region: RegionSettings(**values) for region, values in given.items()}


class AccountIn(AccountChange):
    account_id = serializers.CharField(max_length=12)


class Accounts(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = CloudAccount.objects.none()
    serializer_class = AccountOut
    lookup_field = "account_id"
    is_matched = True
    lookup_value_regex = r"\d{12}"

    def get_queryset(self) -> QuerySet[CloudAccount]:
        return CloudAccount.objects.none() if self.is_schema else registered_accounts()

    def get_serializer_context(self) -> dict[str, Any]:
        sees = not self.is_schema and may(self.actor, "account.register")
        return {**super().get_serializer_context(), "sees_external_id": sees}

    @extend_schema(request=AccountIn, responses={201: AccountOut})
    def create(self, request: Request) -> Response:
        """Register an account; its Regions are looked at at once."""
        sent = AccountIn(data=request.data)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data | {"regions": sent.settings()}
        account = register_account(actor=self.actor, **values)
        return Response(self.get_serializer(account).data, status=201)

    @extend_schema(request=AccountChange, responses={200: AccountOut})
    def update(self, request: Request, account_id: str) -> Response:
        """Write the account anew. Its id and external id stay."""
        sent = AccountChange(data=request.data)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data | {"regions": sent.settings()}
        with self.as_read() as account:
            change_account(actor=self.actor, account=account, **values)
        return Response(self.get_serializer(self.get_object()).data)


class DeploymentOut(serializers.ModelSerializer[Deployment]):
    account_id = serializers.CharField(source="place.account.account_id")
    region = serializers.CharField(source="place.region")

    class Meta:
        model = Deployment
        fields = ("account_id", "region", "tag_value", "alarm_arns", "steady_state")


class ApplicationOut(serializers.ModelSerializer[Application]):
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    deployments = DeploymentOut(many=True, read_only=True)

    class Meta:
        model = Application
        fields = (
            "slug", "name", "team", "tier", "runbook_url", "dashboard_url", "slo_percent",
            "rto_s", "rpo_s", "architecture_tags", "deployments",
        )  # fmt: skip


class ApplicationChange(StrictSerializer):
    """An application as it is to be; its short name stays."""

    name = serializers.CharField(max_length=120)
    team = serializers.SlugRelatedField(slug_field="slug", queryset=Team.objects.order_by("slug"))
    tier = serializers.IntegerField(min_value=1, max_value=3, default=2)
    runbook_url = serializers.CharField(default="", allow_blank=True, max_length=200)
    dashboard_url = serializers.CharField(default="", allow_blank=True, max_length=200)
    architecture_tags = serializers.ListField(
        child=serializers.CharField(max_length=120),
        max_length=100,
        required=False,
        help_text="Up to 20 of up to 40 characters, such as multi-az; left out, they stay",
    )


class ApplicationIn(ApplicationChange):
    slug = serializers.CharField(max_length=50)
    slo_percent = serializers.FloatField(allow_null=True, default=None)
    rto_s = serializers.IntegerField(
        min_value=0, max_value=LONGEST_S, allow_null=True, default=None
    )
    rpo_s = serializers.IntegerField(
        min_value=0, max_value=LONGEST_S, allow_null=True, default=None
    )


class Applications(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    queryset = Application.objects.none()
    serializer_class = ApplicationOut
    lookup_field = "slug"
    is_matched = True

    def get_queryset(self) -> QuerySet[Application]:
        if self.is_schema:
            return Application.objects.none()
        rows = Application.objects.select_related("team").order_by("name", "pk")
        return rows.prefetch_related("deployments__place__account")

    @extend_schema(request=ApplicationIn, responses={201: ApplicationOut})
    def create(self, request: Request) -> Response:
        sent = ApplicationIn(data=request.data)
        sent.is_valid(raise_exception=True)
        application = register_application(actor=self.actor, **sent.validated_data)
        return Response(self.get_serializer(application).data, status=201)

    @extend_schema(request=ApplicationChange, responses={200: ApplicationOut})
    def update(self, request: Request, slug: str) -> Response:
        """Write what it is called and whose it is anew."""
        sent = ApplicationChange(data=request.data)
        sent.is_valid(raise_exception=True)
        with self.as_read() as application:
            change_application(actor=self.actor, application=application, **sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)
