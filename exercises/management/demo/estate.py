"""The demo's accounts, applications and deployments: those of the simulated AWS estate.

Used by demo_data. Account ids, roles, tags, metrics and alarms are the estate's own
(docs/simulator.md); an application without a deployment takes part but runs nothing yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exercises.management.demo.probes import (
    availability_probes,
    build_probes,
    function_probes,
    moderation_probes,
    mqtt_probes,
)
from exercises.models import AccountRegion, Application, CloudAccount, Deployment, Team
from exercises.models.due_work import database_now

REGION: Final = "eu-central-1"
ZONES: Final = {f"{REGION}a": "euc1-az1", f"{REGION}b": "euc1-az2", f"{REGION}c": "euc1-az3"}
OWN_ZONES: Final = {
    "telemetry-int": {f"{REGION}a": "euc1-az3", f"{REGION}b": "euc1-az1", f"{REGION}c": "euc1-az2"}
}
"""Of accounts in which the names mean other zones."""
EXTERNAL_ID: Final = "chaosplane-demo"
EVENT_QUEUE: Final = "chaosplane-fis-events"

ACCOUNTS: Final = (
    ("111111111111", "telemetry-prod", "production", "vehicle-telemetry"),
    ("222222222222", "platform-prod", "production", "developer-platform"),
    ("333333333333", "telemetry-int", "pre-production", "vehicle-telemetry"),
)


@dataclass(frozen=True, slots=True)
class App:
    """One application of the demo; objectives in percent and seconds."""

    slug: str
    name: str
    team: str
    tier: int
    slo_percent: float
    rto_s: int
    rpo_s: int
    tags: tuple[str, ...]


APPLICATIONS: Final = (
    App("mqtt-broker", "MQTT broker", "vehicle-telemetry", 1, 99.95, 300, 0,
        ("ec2", "ebs", "multi-az", "stateful")),
    App("telemetry-ingest", "Telemetry ingest", "vehicle-telemetry", 1, 99.9, 600, 60,
        ("kinesis", "lambda")),
    App("ci-runners", "CI runners", "developer-platform", 2, 99.5, 1200, 3600,
        ("eks", "ebs", "ephemeral")),
    App("artifact-registry", "Artifact registry", "developer-platform", 2, 99.9, 1800, 300,
        ("s3", "aurora")),
    App("car-configurator", "Car configurator", "configurator-platform", 1, 99.9, 900, 300,
        ("ecs", "aurora", "multi-az")),
    App("price-service", "Price service", "configurator-platform", 2, 99.9, 900, 60,
        ("lambda", "dynamodb")),
    App("charging-sessions", "Charging sessions", "charging", 1, 99.9, 600, 60,
        ("ec2", "multi-az")),
    App("charging-tariffs", "Charging tariffs", "charging", 3, 99.0, 3600, 3600, ("ecs",)),
    App("key-issuing", "Key issuing", "digital-key", 1, 99.95, 300, 0, ("ecs", "aurora")),
    App("image-review", "Image review", "content-moderation", 3, 99.0, 7200, 3600,
        ("ecs", "sqs")),
    App("identity-tokens", "Identity tokens", "customer-identity", 1, 99.95, 300, 0,
        ("ec2", "multi-az")),
    App("media-catalogue", "Media catalogue", "media-entertainment", 3, 99.0, 3600, 3600,
        ("ec2",)),
    App("build-platform", "Build platform", "developer-platform", 2, 99.5, 1200, 3600,
        ("eks", "ebs", "multi-az")),
    App("content-moderation", "Content moderation", "content-moderation", 2, 99.5, 300, 0,
        ("ecs", "api-gateway")),
    App("media-search", "Media search", "media-entertainment", 2, 99.5, 600, 3600,
        ("lambda", "ssm")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Home:
    """Where an application runs: its account, its alarms there, and the tag of its resources."""

    application: str
    account: str
    alarms: tuple[str, ...]
    tag: str = ""


DEPLOYMENTS: Final = (
    Home("mqtt-broker", "telemetry-prod", ("mqtt-undelivered-high",)),
    Home("mqtt-broker", "telemetry-int", ("mqtt-undelivered-high",)),
    Home("ci-runners", "platform-prod", ("ci-runners-availability",)),
    Home("identity-tokens", "platform-prod", ("identity-tokens-availability",)),
    Home("charging-sessions", "platform-prod", ("charging-sessions-availability",)),
    Home("charging-sessions", "telemetry-prod", ("charging-sessions-availability",)),
    Home("media-catalogue", "platform-prod", ("media-catalogue-availability",)),
    Home("build-platform", "platform-prod", ("developer-platform-queue",), "developer-platform"),
    Home("content-moderation", "platform-prod", ("content-moderation-customers",)),
    Home("media-search", "platform-prod", ("media-search-success",), "media-catalogue"),
)


def seed_places(teams: dict[str, Team]) -> dict[str, AccountRegion]:
    """The accounts in their one Region, by account name."""
    return {
        name: _place(account_id, name, environment, teams[team])
        for account_id, name, environment, team in ACCOUNTS
    }


def _place(account_id: str, name: str, environment: str, team: Team) -> AccountRegion:
    role = f"arn:aws:iam::{account_id}:role"
    account, _ = CloudAccount.objects.get_or_create(
        account_id=account_id,
        defaults={
            "name": name,
            "environment": environment,
            "team": team,
            "read_role_arn": f"{role}/chaosplane-read",
            "start_role_arn": f"{role}/chaosplane-start",
            "stop_role_arn": f"{role}/chaosplane-stop",
            "fis_role_arn": f"{role}/fis-experiments",
            "external_id": EXTERNAL_ID,
        },
    )
    place, _ = AccountRegion.objects.get_or_create(
        account=account,
        region=REGION,
        defaults={"az_ids": OWN_ZONES.get(name, ZONES), "due_at": database_now()},
    )
    place.heartbeat_alarm_arn = _alarm_arn(place, "chaosplane-heartbeat")
    place.event_queue_url = f"https://sqs.{REGION}.amazonaws.com/{account_id}/{EVENT_QUEUE}"
    place.save(update_fields=["heartbeat_alarm_arn", "event_queue_url"])
    return place


def seed_applications(teams: dict[str, Team]) -> dict[str, Application]:
    """The applications, by slug."""
    return {
        app.slug: Application.objects.get_or_create(
            slug=app.slug,
            defaults={
                "name": app.name,
                "team": teams[app.team],
                "tier": app.tier,
                "slo_percent": app.slo_percent,
                "rto_s": app.rto_s,
                "rpo_s": app.rpo_s,
                "architecture_tags": list(app.tags),
            },
        )[0]
        for app in APPLICATIONS
    }


def seed_deployments(
    applications: dict[str, Application], places: dict[str, AccountRegion]
) -> dict[tuple[str, str], Deployment]:
    """The deployments, by application and account."""
    found = {}
    for home in DEPLOYMENTS:
        place = places[home.account]
        found[home.application, home.account], _ = Deployment.objects.get_or_create(
            application=applications[home.application],
            place=place,
            defaults={
                "tag_value": home.tag or home.application,
                "alarm_arns": [_alarm_arn(place, name) for name in home.alarms],
                "steady_state": _steady_state(home.application, home.account),
            },
        )
    return found


def _alarm_arn(place: AccountRegion, name: str) -> str:
    return f"arn:aws:cloudwatch:{place.region}:{place.account.account_id}:alarm:{name}"


def _steady_state(slug: str, account: str) -> list[dict[str, object]]:
    own = {
        "build-platform": build_probes,
        "content-moderation": moderation_probes,
        "media-search": function_probes,
    }
    if slug == "mqtt-broker":
        return mqtt_probes(is_production=account == "telemetry-prod")
    return own[slug]() if slug in own else availability_probes(slug)
