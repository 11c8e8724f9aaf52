"""What the API shows: one serializer a resource, read-only."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from exercises.models import (
    Decision,
    Exercise,
    Experiment,
    Finding,
    Participation,
    Run,
    RunEvent,
    Sample,
    Template,
    TemplateVersion,
)
from exercises.permissions import may


class ParticipationOut(serializers.ModelSerializer[Participation]):
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Participation
        fields = ("application", "answer", "on_call")


class ExerciseOut(serializers.ModelSerializer[Exercise]):
    lead = serializers.CharField(source="lead.name", read_only=True)
    safety_officer = serializers.CharField(
        source="safety_officer.name", read_only=True, allow_null=True
    )

    class Meta:
        model = Exercise
        fields = (
            "slug", "name", "kind", "phase", "goal", "starts_at", "ends_at", "timezone",
            "region", "az", "lead", "safety_officer", "went_live_at", "stopped_at",
            "ended_at", "is_imported",
        )  # fmt: skip


class ExerciseDetail(ExerciseOut):
    participants = ParticipationOut(source="participations", many=True, read_only=True)

    class Meta:
        model = Exercise
        fields = (*ExerciseOut.Meta.fields, "participants")


class ExperimentOut(serializers.ModelSerializer[Experiment]):
    code = serializers.CharField(read_only=True)
    exercise = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    account_id = serializers.CharField(source="deployment.place.account.account_id")
    region = serializers.CharField(source="deployment.place.region")
    template = serializers.CharField(source="template_version.template.slug")
    template_version = serializers.IntegerField(source="template_version.number")
    digest = serializers.CharField(source="revision.digest", allow_null=True, default=None)
    author = serializers.CharField(source="author.name")

    class Meta:
        model = Experiment
        fields = (
            "id", "code", "title", "status", "exercise", "application", "account_id", "region",
            "az", "template", "template_version", "parameters", "hypothesis", "steady_state",
            "expected_alarms", "recheck_after_min", "also_in", "slot_offset_s", "target_cap",
            "digest", "author", "proposed_at", "updated_at", "is_imported",
        )  # fmt: skip


class DecisionOut(serializers.ModelSerializer[Decision]):
    decided_by = serializers.CharField(source="decided_by.name", read_only=True)

    class Meta:
        model = Decision
        fields = (
            "id", "experiment", "digest", "verdict", "capacity", "decided_by", "reason",
            "decided_at", "valid_until",
        )  # fmt: skip


class RunOut(serializers.ModelSerializer[Run]):
    exercise = serializers.CharField(source="experiment.exercise.slug", read_only=True)
    digest = serializers.CharField(source="revision.digest", read_only=True)
    engine_experiment = serializers.CharField(source="experiment_ref", read_only=True)

    class Meta:
        model = Run
        fields = (
            "id", "experiment", "exercise", "is_rehearsal", "state", "state_reason", "verdict",
            "verdict_reason", "digest", "engine_experiment", "scheduled_at", "started_at",
            "ended_at", "recheck_at", "stop_requested_at", "observed_at", "is_imported",
        )  # fmt: skip


class DetectionStepOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    after_s = serializers.FloatField(help_text="Planned seconds since the fault began")
    what = serializers.CharField(help_text="The probe or alarm; empty where it is neither")


class DetectionOut(serializers.Serializer[Any]):
    """When a fault was seen; null is what has not come, and once `is_over` never will."""

    injected_at = serializers.DateTimeField()
    moved = DetectionStepOut(allow_null=True, help_text="The first reading outside")
    alarmed = DetectionStepOut(allow_null=True, help_text="The first alarm that went into alarm")
    acknowledged = DetectionStepOut(
        allow_null=True, help_text="The first person who said so in the room"
    )
    steady = DetectionStepOut(allow_null=True, help_text="The last probe that came back inside")
    is_over = serializers.BooleanField()


class RunEventOut(serializers.ModelSerializer[RunEvent]):
    class Meta:
        model = RunEvent
        fields = ("id", "run", "at", "kind", "text", "source")


class SampleOut(serializers.ModelSerializer[Sample]):
    class Meta:
        model = Sample
        fields = ("probe", "at", "value")


class VersionOut(serializers.ModelSerializer[TemplateVersion]):
    """`origin` says where it was begun: authored, account, action or file; and what it was."""

    author = serializers.CharField(source="author.name", allow_null=True, default=None)

    class Meta:
        model = TemplateVersion
        fields = (
            "number", "generator", "definition", "parameters", "rung", "hypothesis", "notes",
            "published_at", "author", "origin", "origin_detail",
        )  # fmt: skip


class TemplateOut(serializers.ModelSerializer[Template]):
    latest_version = serializers.SerializerMethodField()

    class Meta:
        model = Template
        fields = ("slug", "name", "summary", "failure_family", "engine", "latest_version")

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_latest_version(self, template: Template) -> Any:
        return max((version.number for version in template.versions.all()), default=None)


class TemplateDetail(TemplateOut):
    versions = VersionOut(many=True, read_only=True)

    class Meta:
        model = Template
        fields = (*TemplateOut.Meta.fields, "versions")


class FindingOut(serializers.ModelSerializer[Finding]):
    """`exercise` and `run` are null where another team's own experiment taught it."""

    code = serializers.CharField(read_only=True)
    exercise = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        slug_field="slug", read_only=True, allow_null=True
    )
    application = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    owner = serializers.CharField(source="owner.name", allow_null=True, read_only=True)

    class Meta:
        model = Finding
        fields = (
            "id", "code", "exercise", "application", "run", "title", "body", "severity",
            "failure_family", "state", "owner", "due_on", "waived_until", "tracker_url",
            "verified_by_run", "is_imported", "created_at",
        )  # fmt: skip

    def to_representation(self, finding: Finding) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(finding)
        names = self.context["names"]
        said: dict[str, Any] = {
            "title": names.text(finding.title),
            "body": names.text(finding.body),
            "owner": names.of(finding.owner) or None,
        }
        if not may(self.context["view"].actor, "finding.trace", finding):
            said |= {"exercise": None, "run": None}
        return {name: said.get(name, value) for name, value in shown.items()}


class StopOut(serializers.Serializer[Any]):
    """What is known of one stop right after it was asked for."""

    run_id = serializers.CharField()
    title = serializers.CharField()
    accepted = serializers.BooleanField(help_text="AWS took the stop; until then it is asked again")
    message = serializers.CharField()


class MeOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.CharField(help_text="Empty for the service of a team")
    is_service = serializers.BooleanField(help_text="The machine identity of a team, no person")
    organisation_roles = serializers.ListField(child=serializers.CharField())
    teams = serializers.DictField(child=serializers.CharField(), help_text="team slug to role")
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True)


class ProblemRowOut(serializers.Serializer[Any]):
    """One field that was refused. Empty: the whole of what was sent."""

    field = serializers.CharField()
    problem = serializers.CharField()


class RefusalOut(serializers.Serializer[Any]):
    """One rule of the programme that says no."""

    rule = serializers.CharField()
    because = serializers.CharField()
    lifted_by = serializers.CharField()


class DifferenceOut(serializers.Serializer[Any]):
    """One field that was sent, and what stands there now."""

    field = serializers.CharField()
    yours = serializers.JSONField(allow_null=True)
    theirs = serializers.JSONField(allow_null=True)


class ProblemOut(serializers.Serializer[Any]):
    """Why it was not done (RFC 9457). `code` is stable, the words may change."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField(help_text="To look for in the logs")
    errors = ProblemRowOut(many=True, required=False)  # type: ignore[assignment]
    refusals = RefusalOut(many=True, required=False)
    differences = DifferenceOut(many=True, required=False)
