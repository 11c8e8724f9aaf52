"""What a run left behind, as the API says it. Served by api.runs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from exercises.api.strict import StrictSerializer
from exercises.models import CleanUp
from exercises.services.sweep import LONGEST_REASON


class LeftOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    resource = serializers.CharField(help_text="Its ARN")
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.CharField()
    after = serializers.CharField()
    put_back = serializers.CharField(help_text="What to do")
    command = serializers.CharField(allow_blank=True, help_text="For a shell, where one does it")


class CleanUpOut(serializers.ModelSerializer[CleanUp]):
    """`left` are the residual faults of the newest look, `certificate` what a clean run is
    certified by, `hash` its SHA-256."""

    left = LeftOut(many=True, read_only=True)
    certificate = serializers.JSONField(read_only=True)
    done_by = serializers.CharField(source="done_by.name", default=None)
    waived_by = serializers.CharField(source="waived_by.name", default=None)

    class Meta:
        model = CleanUp
        fields = (
            "run", "state", "looks", "looked_at", "left", "problem", "asked_at", "done_by",
            "done_at", "waived_by", "waived_because", "settled_at", "certificate", "hash",
        )  # fmt: skip


class WaiveIn(StrictSerializer):
    because = serializers.CharField(
        min_length=10, max_length=LONGEST_REASON, help_text="Why it may stay"
    )
