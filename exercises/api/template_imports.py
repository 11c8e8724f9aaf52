"""/api/v1/template-imports/ and -beginnings/, and what an account offers to begin from."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.representations import VersionOut
from exercises.api.strict import StrictSerializer
from exercises.domain.errors import Invalid
from exercises.domain.scenarios import SCENARIOS
from exercises.domain.template_entry import FORMAT, Entry
from exercises.models import AccountRegion, TemplateVersion
from exercises.services.template_imports import (
    MAX_FILE_BYTES,
    add_scenario,
    ask_account,
    begin_from_action,
    begin_from_template,
    begin_from_text,
    import_entry,
    origin_token,
)


class TemplateFileIn(StrictSerializer):
    """A template file, as text: so that doubled keys are seen and refused. Or a scenario."""

    file = serializers.CharField(
        required=False,
        trim_whitespace=False,
        help_text=f"JSON, at most {MAX_FILE_BYTES:,} bytes",
    )
    scenario = serializers.ChoiceField(
        choices=list(SCENARIOS), required=False, help_text="One of AWS's"
    )


class ImportedOut(VersionOut):
    """The version that was published, and of which template."""

    template = serializers.SlugField(source="template.slug")

    class Meta:
        model = TemplateVersion
        fields = ("template", *VersionOut.Meta.fields)


class OfRegionIn(StrictSerializer):
    region = serializers.CharField(max_length=32)


class BeginIn(OfRegionIn):
    """Either a FIS template of the account, or an action that it offers."""

    account_id = serializers.CharField(max_length=12)
    fis_template = serializers.CharField(max_length=64, required=False)
    action = serializers.RegexField("^[!-~]+$", max_length=128, required=False)


class BeginningOut(serializers.Serializer[Any]):
    """What to look over and to publish; nothing is kept."""

    engine = serializers.CharField()
    definition = serializers.CharField(source="definition_text")
    parameters = serializers.CharField(source="parameters_text")
    name = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="What is not as it was there"
    )
    origin = serializers.SerializerMethodField(help_text="To be sent along when publishing")

    def get_origin(self, beginning: Any) -> str:
        return origin_token(beginning)


class AccountTemplateOut(serializers.Serializer[Any]):
    ref = serializers.CharField(help_text="The id that FIS gave it")
    name = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    changed_at = serializers.DateTimeField(allow_null=True)
    is_ours = serializers.BooleanField(help_text="Made for an experiment proposed here")


class OffersOut(serializers.Serializer[Any]):
    """`new_actions` are those that came after this release; they are known from now on."""

    templates = AccountTemplateOut(many=True)
    actions = serializers.ListField(source="action_ids", child=serializers.CharField())
    new_actions = serializers.ListField(source="unknown", child=serializers.CharField())


class TemplateImports(Resource):
    queryset = TemplateVersion.objects.none()
    serializer_class = VersionOut
    pagination_class = None

    @extend_schema(request=TemplateFileIn, responses={201: ImportedOut})
    def publish(self, request: Request) -> Response:
        """Publish a template file, new or as the next version, or a scenario of AWS."""
        sent = TemplateFileIn(data=request.data)
        sent.is_valid(raise_exception=True)
        if ("file" in sent.validated_data) is ("scenario" in sent.validated_data):
            raise Invalid("file", "either file or scenario, not both")
        if "scenario" in sent.validated_data:
            added = add_scenario(actor=self.actor, key=sent.validated_data["scenario"])
            return Response(ImportedOut(added).data, status=201)
        read = begin_from_text(actor=self.actor, text=sent.validated_data["file"])
        if not isinstance(read, Entry):
            raise Invalid("file", f"a template file says {FORMAT}; POST others to templates/")
        version = import_entry(actor=self.actor, entry=read)
        return Response(ImportedOut(version).data, status=201)

    @extend_schema(request=BeginIn, responses={200: BeginningOut})
    def begin(self, request: Request) -> Response:
        """Read a FIS template or an action of an account as something to publish."""
        sent = BeginIn(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        if ("fis_template" in given) is ("action" in given):
            raise Invalid("fis_template", "either fis_template or action, not both")
        place = _place(given["account_id"], given["region"])
        if "action" in given:
            begun = begin_from_action(actor=self.actor, place=place, action_id=given["action"])
        else:
            begun = begin_from_template(actor=self.actor, place=place, ref=given["fis_template"])
        return Response(BeginningOut(begun).data)

    @extend_schema(request=OfRegionIn, responses={200: OffersOut})
    def offers(self, request: Request, account_id: str) -> Response:
        """Ask an account which FIS templates it has and which actions it offers."""
        sent = OfRegionIn(data=request.data)
        sent.is_valid(raise_exception=True)
        place = _place(account_id, sent.validated_data["region"])
        asked = ask_account(actor=self.actor, place=place)
        return Response(OffersOut(asked).data)


def _place(account_id: str, region: str) -> AccountRegion:
    places = AccountRegion.objects.select_related("account")
    return get_object_or_404(places, account__account_id=account_id, region=region)
