"""Build what tests need, by the domain's own verbs: a builder reaches only what people can."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from exercises.domain.approvals import DecisionVerdict
from exercises.domain.exercise_phases import Phase
from exercises.domain.preflight_checks import ASKED, CHECKS
from exercises.models import (
    AccountRegion,
    Application,
    CloudAccount,
    Deployment,
    Exercise,
    Experiment,
    LadderOverride,
    Participation,
    PreflightCheck,
    Run,
    Template,
    TemplateVersion,
    User,
)
from exercises.models.due_work import database_now
from exercises.queries.going_live import any_takes_two
from exercises.queries.readiness import ready_experiments
from exercises.services.decide import decide
from exercises.services.go_live import confirm_go, go_live, say_go
from exercises.services.propose import Draft, propose, start_draft
from tests.cast import Cast

REGION = "eu-central-1"
PARAMETERS = [
    {
        "name": "minutes",
        "label": "Stop for",
        "kind": "minutes",
        "default": 5,
        "required": True,
        "minimum": 1,
        "maximum": 30,
        "unit": "min",
    }
]
DEFINITION = {
    "description": "Stop one instance of {{application}}",
    "targets": {
        "one-instance": {
            "resourceType": "aws:ec2:instance",
            "resourceTags": {"chaosplane:application": "{{application}}"},
            "filters": [{"path": "State.Name", "values": ["running"]}],
            "selectionMode": "COUNT(1)",
        }
    },
    "actions": {
        "Stop-one": {
            "actionId": "aws:ec2:stop-instances",
            "parameters": {"startInstancesAfterDuration": "PT{{minutes}}M"},
            "targets": {"Instances": "one-instance"},
        }
    },
    "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
    "roleArn": "{{fis_role_arn}}",
    "experimentOptions": {
        "accountTargeting": "single-account",
        "emptyTargetResolutionMode": "fail",
    },
}
METRIC: dict[str, Any] = {
    "kind": "cloudwatch",
    "namespace": "ConnectedVehicle/MQTT",
    "dimensions": {"Cluster": "mqtt-broker"},
    "stat": "Average",
    "period_s": 60,
}
PROBES = [
    METRIC
    | {
        "key": "delivered",
        "name": "Messages delivered",
        "unit": "%",
        "metric": "MessagesDelivered",
        "is_business": True,
        "low": 99.5,
        "high": None,
        "grace_s": 120,
        "decimals": 2,
    },
    METRIC
    | {
        "key": "clusters",
        "name": "Distinct clusters",
        "unit": "",
        "metric": "DistinctClusters",
        "is_business": False,
        "low": 1,
        "high": 1,
        "grace_s": 0,
        "decimals": 0,
    },
]


def probes_of(slug: str, account_id: str = "111111111111") -> list[dict[str, Any]]:
    """What the simulated estate measures of an application: nothing starts without data."""
    if slug == "mqtt-broker":
        cluster = slug if account_id == "111111111111" else f"{slug}-int"
        return [probe | {"dimensions": {"Cluster": cluster}} for probe in PROBES]
    common = METRIC | {
        "namespace": "Platform/Applications",
        "dimensions": {"Application": slug},
        "grace_s": 120,
    }
    available = {"key": "available", "name": "Availability", "metric": "Availability", "unit": "%"}
    latency = {"key": "latency", "name": "Latency p95", "metric": "LatencyP95", "unit": "ms"}
    return [
        common | available | {"is_business": True, "low": 99.0, "high": None, "decimals": 2},
        common | latency | {"is_business": False, "low": None, "high": 400, "decimals": 0},
    ]


def account(account_id: str = "111111111111", environment: str = "production") -> AccountRegion:
    """An account of the simulated estate, in its one Region."""
    role = f"arn:aws:iam::{account_id}:role"
    cloud, _ = CloudAccount.objects.get_or_create(
        account_id=account_id,
        defaults={
            "name": f"account-{account_id[:3]}",
            "environment": environment,
            "read_role_arn": f"{role}/chaosplane-read",
            "start_role_arn": f"{role}/chaosplane-start",
            "stop_role_arn": f"{role}/chaosplane-stop",
            "fis_role_arn": f"{role}/fis-experiments",
            "external_id": "chaosplane-demo",
        },
    )
    place, _ = AccountRegion.objects.get_or_create(
        account=cloud, region=REGION, defaults={"scanned_at": database_now()}
    )
    return place


def deployment(
    cast: Cast, *, slug: str = "mqtt-broker", place: AccountRegion | None = None
) -> Deployment:
    """An application of the cast's team, deployed and with its probes and alarm."""
    application, _ = Application.objects.get_or_create(
        slug=slug, defaults={"name": slug.replace("-", " ").title(), "team": cast.team, "tier": 1}
    )
    ladder_opened(application, cast.lead)
    where = place or account()
    alarm = "mqtt-undelivered-high" if slug == "mqtt-broker" else f"{slug}-availability"
    found, _ = Deployment.objects.get_or_create(
        application=application,
        place=where,
        defaults={
            "tag_value": slug,
            "alarm_arns": [f"arn:aws:cloudwatch:{REGION}:{where.account.account_id}:alarm:{alarm}"],
            "steady_state": probes_of(slug, where.account.account_id),
        },
    )
    return found


def ladder_opened(application: Application, lead: User) -> None:
    """An override up to the top, for tests that are not about the confidence ladder."""
    if application.ladder_overrides.exists():
        return
    now = database_now()
    for family in ("instance-loss", "az-power"):
        LadderOverride.objects.create(
            application=application,
            failure_family=family,
            level=5,
            reason="The tests' own applications have no past.",
            granted_by=lead,
            granted_at=now,
            valid_until=now + timedelta(days=90),
        )


def template_version(*, rung: int = 1, generator: str = "") -> TemplateVersion:
    """A published version of a small template, or of the AZ power generator."""
    slug = generator or "stop-one-instance"
    template, _ = Template.objects.get_or_create(
        slug=slug.replace("_", "-"),
        defaults={
            "name": slug.replace("_", " ").replace("-", " ").capitalize(),
            "failure_family": "instance-loss",
        },
    )
    found = template.versions.filter(rung=rung).first()
    if found:
        return found
    return TemplateVersion.objects.create(
        template=template,
        number=template.versions.count() + 1,
        generator=generator,
        definition={} if generator else DEFINITION,
        parameters=PARAMETERS,
        rung=rung,
    )


def exercise(
    cast: Cast,
    *,
    slug: str = "2026-11",
    phase: Phase = Phase.APPROVE,
    opens_in: timedelta = timedelta(seconds=0),
    hours: float = 4,
) -> Exercise:
    """A Cloud ITEE whose window opens now, or later."""
    starts_at = database_now() + opens_in + timedelta(milliseconds=500)
    return Exercise.objects.create(
        slug=slug,
        name=f"Cloud ITEE {slug}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        region=REGION,
        az=f"{REGION}a",
        lead=cast.lead,
        safety_officer=cast.safety,
        phase=phase.value,
    )


def draft(cast: Cast, **changes: object) -> Draft:
    """What a valid form would send."""
    where = changes.pop("deployment", None) or deployment(cast)
    assert isinstance(where, Deployment)
    values: dict[str, object] = {
        "deployment": where,
        "template_version": changes.pop("template_version", None) or template_version(),
        "title": "Stop one broker",
        "hypothesis": "If one broker stops, then messages are delivered again within 2 minutes.",
        "parameters": {"minutes": 5},
        "steady_state": where.steady_state,
        "az": f"{REGION}a",
        "slot_offset_s": 60,
        "target_cap": 3,
    }
    return Draft(**(values | changes))  # type: ignore[arg-type]


def proposed(cast: Cast, where: Exercise | None = None, **changes: object) -> Experiment:
    """An experiment of the author, sent for approval."""
    experiment = start_draft(
        actor=cast.actor("author"), draft=draft(cast, **changes), exercise=where or exercise(cast)
    )
    return propose(actor=cast.actor("author"), experiment=experiment)


def approved(cast: Cast, where: Exercise | None = None, **changes: object) -> Experiment:
    """An experiment with every approval its environment and rung ask for."""
    experiment = proposed(cast, where, **changes)
    approve(cast, experiment, "owner", "lead", *(["safety"] if _needs_safety(experiment) else []))
    return experiment


def approve(cast: Cast, experiment: Experiment, *names: str) -> None:
    """Each of these people approves what stands there now."""
    experiment.refresh_from_db()
    assert experiment.revision is not None
    for name in names:
        decide(
            actor=cast.actor(name),
            experiment=experiment,
            verdict=DecisionVerdict.APPROVE,
            digest_seen=experiment.revision.digest,
        )


def passed_preflight(experiment: Experiment) -> None:
    """Every check passed and the on-call is there, for tests that are not about pre-flight."""
    assert experiment.revision is not None
    now = database_now()
    PreflightCheck.objects.filter(experiment=experiment).delete()
    PreflightCheck.objects.bulk_create(
        PreflightCheck(
            experiment=experiment,
            key=key,
            label=CHECKS[key].label,
            status="ok",
            digest=experiment.revision.digest,
            checked_at=now,
        )
        for key in ASKED
    )
    acknowledged(experiment)


def acknowledged(experiment: Experiment) -> None:
    """Somebody is named as on call for the experiment's application, and is there."""
    exercise = experiment.exercise
    Participation.objects.filter(exercise=exercise, application=experiment.application).update(
        on_call="Team operator",
        acknowledged_at=max(database_now(), exercise.starts_at),
    )


def went_live(cast: Cast, where: Exercise) -> Exercise:
    """Go as it has to be said: by the lead, and by the safety officer where two are needed."""
    if any_takes_two(ready_experiments(where, now=database_now())):
        say_go(actor=cast.actor("lead"), exercise=where, session="of the lead")
        return confirm_go(
            actor=cast.actor("safety"),
            exercise=where,
            code=where.code,
            session="of the safety officer",
        )
    return go_live(actor=cast.actor("lead"), exercise=where)


def live(cast: Cast, **changes: object) -> tuple[Exercise, Run]:
    """An exercise just after Go, with one approved experiment and its scheduled run."""
    where = exercise(cast, phase=Phase.APPROVE, opens_in=timedelta(minutes=5))
    changes.setdefault("slot_offset_s", 0)
    experiment = approved(cast, where, **changes)
    passed_preflight(experiment)
    Exercise.objects.filter(pk=where.pk).update(
        phase=Phase.PREFLIGHT.value, starts_at=database_now() - timedelta(minutes=1)
    )
    where.refresh_from_db()
    where = went_live(cast, where)
    return where, Run.objects.get(experiment=experiment)


def _needs_safety(experiment: Experiment) -> bool:
    return experiment.template_version.rung >= 3


def user(name: str) -> User:
    """One more person, in no team."""
    return User.objects.create_user(
        email=f"{name.replace(' ', '-').lower()}@example.test", password="x", name=name
    )
