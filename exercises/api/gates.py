"""/api/v1/gates/{application}/: may a pipeline deliver? And the key its answers are signed with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exercises.api.base import Resource
from exercises.api.strict import StrictSerializer
from exercises.domain.delivery_gate import DEFAULT_MAX_AGE, FamilyGate, GateStatus, Proof, read_age
from exercises.domain.failure_families import words_of
from exercises.domain.signed_answer import public_key_of, signed
from exercises.models import Application
from exercises.models.due_work import database_now
from exercises.queries.gates import Shown, gate_now
from exercises.services.evidence_pack import signing_key

TYPE = "chaosplane.gate/1"
STATUSES = tuple((status.value, status.value) for status in GateStatus)


class GateIn(StrictSerializer):
    """What may count. A held run older than `max_age` is stale."""

    max_age = serializers.CharField(
        default=DEFAULT_MAX_AGE, max_length=6, help_text="12h or 30d; from 1h to 366d"
    )
    family = serializers.CharField(
        default="", max_length=60, help_text="One failure only, such as az-power"
    )


class EvidenceOut(serializers.Serializer[Any]):
    """The run that decided. `run`, `experiment` and `url` are null where you cannot see it."""

    family = serializers.CharField()
    verdict = serializers.ChoiceField(choices=["held", "not_held"])
    at = serializers.DateTimeField()
    environment = serializers.CharField()
    template = serializers.CharField(allow_null=True)
    run = serializers.UUIDField(allow_null=True)
    experiment = serializers.CharField(allow_null=True)
    url = serializers.URLField(allow_null=True)


class FamilyGateOut(serializers.Serializer[Any]):
    family = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    evidence = EvidenceOut(allow_null=True)
    fresh_until = serializers.DateTimeField(allow_null=True)


class GateOut(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=[TYPE])
    issuer = serializers.CharField()
    application = serializers.CharField()
    asked_at = serializers.DateTimeField()
    max_age_s = serializers.IntegerField()
    family = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    because = serializers.CharField()
    would_be_fresh = serializers.CharField(help_text="Empty when it is")
    fresh_until = serializers.DateTimeField(allow_null=True)
    evidence = EvidenceOut(allow_null=True)
    families = FamilyGateOut(many=True)


class KeyOut(serializers.Serializer[Any]):
    algorithm = serializers.ChoiceField(choices=["Ed25519"])
    key_id = serializers.CharField(help_text="The fingerprint that evidence packs show, too")
    public_key = serializers.CharField(help_text="32 bytes, in hexadecimal digits")


class SignatureOut(KeyOut):
    value = serializers.CharField(help_text="Over the RFC 8785 form of `gate`, in hexadecimal")


class SignedGateOut(serializers.Serializer[Any]):
    gate = GateOut()
    signature = SignatureOut()


class Gates(Resource):
    serializer_class = SignedGateOut

    @extend_schema(parameters=[GateIn], responses=SignedGateOut, filters=False)
    def read(self, request: Request, slug: str) -> Response:
        """Fresh, stale or failed, with what decided it, signed so that it can be checked later.

        Failed stays failed until a run holds; 200 whatever the status.
        """
        sent = GateIn(data=request.query_params)
        sent.is_valid(raise_exception=True)
        max_age = read_age(sent.validated_data["max_age"])
        family = sent.validated_data["family"]
        application = Application.objects.filter(slug=slug).first()
        if application is None:
            raise Http404("no such application")
        now = database_now()
        shown = gate_now(application, max_age=max_age, family=family, now=now, actor=self.actor)
        answer: dict[str, object] = {
            "type": TYPE,
            "issuer": settings.CHAOSPLANE_BASE_URL.rstrip("/"),
            "application": application.slug,
            "asked_at": _at(now),
            "max_age_s": int(max_age.total_seconds()),
            "family": family or None,
            "status": shown.gate.status.value,
            "because": shown.gate.because,
            "would_be_fresh": shown.gate.would_be_fresh,
            "fresh_until": _at(shown.gate.fresh_until),
            "evidence": _evidence(shown, shown.gate.proof),
            "families": [_family(shown, one) for one in shown.gate.families],
        }
        return Response({"gate": answer, "signature": signed(answer, signing_key())})


class SigningKey(Resource):
    serializer_class = KeyOut

    @extend_schema(responses=KeyOut, filters=False)
    def read(self, request: Request) -> Response:
        """The key of this installation: keep its id where you check answers offline."""
        return Response(public_key_of(signing_key()))


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _family(shown: Shown, one: FamilyGate) -> dict[str, object]:
    return {
        "family": one.family,
        "name": words_of(one.family),
        "status": one.status.value,
        "evidence": _evidence(shown, one.proof),
        "fresh_until": _at(one.fresh_until),
    }


def _evidence(shown: Shown, proof: Proof | None) -> dict[str, object] | None:
    if proof is None:
        return None
    run = shown.runs.get(proof.run_id)
    root = settings.CHAOSPLANE_BASE_URL.rstrip("/")
    return {
        "family": proof.family,
        "verdict": "held" if proof.held else "not_held",
        "at": _at(proof.at),
        "environment": shown.environments[proof.run_id],
        "template": run.experiment.template_version.template.slug if run else None,
        "run": str(run.pk) if run else None,
        "experiment": run.experiment.code if run else None,
        "url": root + reverse("experiment_detail", args=[run.experiment_id]) if run else None,
    }
