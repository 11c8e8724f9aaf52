"""The demo's catalogue: five failures, from one instance to a whole Availability Zone.

Used by demo_data. Bodies are those of CreateExperimentTemplate with {{placeholders}}
(AWS FIS User Guide, "AWS FIS actions reference").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from exercises.domain.actors import Actor
from exercises.domain.engine_documents import FIS, LAMBDA_CONFIG, TOOLKIT
from exercises.management.demo import lambda_templates, toolkit_templates
from exercises.models import Template, TemplateVersion
from exercises.queries.catalogue import newest_version_of
from exercises.services.catalogue import (
    add_template,
    publish_generated_version,
    publish_version,
)
from exercises.services.template_imports import add_scenario

NOTES: Final = "First version."
TAGS: Final = {"chaosplane:application": "{{application}}"}
RUNNING: Final = {"path": "State.Name", "values": ["running"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """One template and its first version."""

    slug: str
    name: str
    summary: str
    failure_family: str
    icon: str
    rung: int
    hypothesis: str
    parameters: tuple[dict[str, Any], ...]
    generator: str = ""
    definition: dict[str, Any] | None = None
    engine: str = FIS


def minutes(name: str, label: str, *, default: int, least: int, most: int, note: str = "") -> Any:
    """A parameter in minutes."""
    return {
        "name": name,
        "label": label,
        "kind": "minutes",
        "default": default,
        "required": True,
        "minimum": least,
        "maximum": most,
        "unit": "min",
        "help": note,
    }


def body(description: str, targets: dict[str, Any], actions: dict[str, Any]) -> dict[str, Any]:
    """A whole FIS template around its targets and actions."""
    return {
        "description": description,
        "targets": targets,
        "actions": actions,
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
        "roleArn": "{{fis_role_arn}}",
        "experimentOptions": {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": "fail",
        },
    }


ENTRIES: Final = (
    Entry(
        slug="az-power-interruption",
        name="AZ Availability: Power Interruption",
        summary="One Availability Zone loses power: instances stop, the network drops, the "
        "database fails over, and storage comes back late.",
        failure_family="az-power",
        icon="power",
        rung=3,
        hypothesis="If one Availability Zone loses power, then the service goes on with the "
        "other two and is back inside its steady state within 2 minutes.",
        generator="az_power",
        parameters=(
            minutes("outage_min", "Power is out for", default=20, least=5, most=30),
            minutes(
                "recovery_min",
                "Storage recovers for",
                default=5,
                least=1,
                most=30,
                note="EBS volumes answer late for this long after power is back.",
            ),
            minutes("network_min", "Network is down for", default=2, least=1, most=10),
            minutes(
                "autoshift_after_min",
                "Zonal autoshift after",
                default=5,
                least=1,
                most=30,
                note="When AWS would shift traffic away from the zone.",
            ),
            {
                "name": "tag_key",
                "label": "Tag that opts resources in",
                "kind": "text",
                "default": "AzImpairmentPower",
                "required": True,
            },
        ),
    ),
    Entry(
        slug="stop-one-instance",
        name="Stop one instance and start it again",
        summary="One running instance of the application stops and is started again.",
        failure_family="instance-loss",
        icon="server",
        rung=1,
        hypothesis="If one instance stops, then users notice nothing: availability stays "
        "above 99 % or is back within 5 minutes.",
        parameters=(minutes("stop_min", "Stopped for", default=10, least=1, most=30),),
        definition=body(
            "Stop one instance of {{application}} for {{stop_min}} minutes",
            {
                "one-instance": {
                    "resourceType": "aws:ec2:instance",
                    "resourceTags": TAGS,
                    "filters": [RUNNING],
                    "selectionMode": "COUNT(1)",
                }
            },
            {
                "Stop-one-instance": {
                    "actionId": "aws:ec2:stop-instances",
                    "parameters": {"startInstancesAfterDuration": "PT{{stop_min}}M"},
                    "targets": {"Instances": "one-instance"},
                }
            },
        ),
    ),
    Entry(
        slug="pause-ebs-volumes",
        name="Pause I/O of EBS volumes",
        summary="Data volumes of the application in one Availability Zone stop answering.",
        failure_family="storage-loss",
        icon="db",
        rung=2,
        hypothesis="If data volumes in one zone stop answering, then work moves to volumes in "
        "the other zones within 10 minutes.",
        parameters=(minutes("pause_min", "Paused for", default=10, least=1, most=30),),
        definition=body(
            "Pause the data volumes of {{application}} in {{az}} for {{pause_min}} minutes",
            {
                "data-volumes": {
                    "resourceType": "aws:ec2:ebs-volume",
                    "resourceTags": TAGS,
                    "parameters": {"availabilityZoneIdentifier": "{{az}}"},
                    "selectionMode": "ALL",
                }
            },
            {
                "Pause-volume-io": {
                    "actionId": "aws:ebs:pause-volume-io",
                    "parameters": {"duration": "PT{{pause_min}}M"},
                    "targets": {"Volumes": "data-volumes"},
                }
            },
        ),
    ),
    Entry(
        slug="disrupt-one-subnet",
        name="Cut one subnet off the network",
        summary="Everything in one subnet of the application loses its network.",
        failure_family="network-loss",
        icon="net",
        rung=2,
        hypothesis="If one subnet loses its network, then clients reconnect elsewhere within "
        "5 minutes and one cluster remains.",
        parameters=(minutes("cut_min", "Cut off for", default=5, least=1, most=30),),
        definition=body(
            "Cut the subnet of {{application}} in {{az}} off for {{cut_min}} minutes",
            {
                "one-subnet": {
                    "resourceType": "aws:ec2:subnet",
                    "resourceTags": TAGS,
                    "filters": [{"path": "AvailabilityZone", "values": ["{{az}}"]}],
                    "selectionMode": "COUNT(1)",
                }
            },
            {
                "Cut-network": {
                    "actionId": "aws:network:disrupt-connectivity",
                    "parameters": {"duration": "PT{{cut_min}}M", "scope": "all"},
                    "targets": {"Subnets": "one-subnet"},
                }
            },
        ),
    ),
    Entry(
        slug="aurora-failover",
        name="Aurora failover",
        summary="The writer of the application's Aurora cluster moves to another instance.",
        failure_family="database-failover",
        icon="db",
        rung=2,
        hypothesis="If the database writer moves, then writes are accepted again within "
        "2 minutes and nothing is lost.",
        parameters=(),
        definition=body(
            "Fail the Aurora cluster of {{application}} over",
            {
                "cluster": {
                    "resourceType": "aws:rds:cluster",
                    "resourceTags": TAGS,
                    "selectionMode": "ALL",
                }
            },
            {
                "Fail-over": {
                    "actionId": "aws:rds:failover-db-cluster",
                    "targets": {"Clusters": "cluster"},
                }
            },
        ),
    ),
)


TOOLKIT_ENTRIES: Final = (
    Entry(
        slug="gateway-attack",
        name="Attack on an API gateway",
        summary="Strangers call the gateway with tokens that nobody gave out, in three waves.",
        failure_family="overload",
        icon="globe",
        rung=2,
        hypothesis="If strangers call with false tokens, then they are refused, and customers are "
        "served as before within 2 minutes.",
        parameters=toolkit_templates.ATTACK_PARAMETERS,
        definition=toolkit_templates.ATTACK,
        engine=TOOLKIT,
    ),
    Entry(
        slug="ecs-no-tasks",
        name="ECS service without tasks",
        summary="The service is set to no tasks for seven minutes, unless it is scaled back.",
        failure_family="task-loss",
        icon="box",
        rung=2,
        hypothesis="If a service has no tasks, then it is scaled back and every request is "
        "answered within 5 minutes.",
        parameters=toolkit_templates.NO_TASKS_PARAMETERS,
        definition=toolkit_templates.NO_TASKS,
        engine=TOOLKIT,
    ),
)
LAMBDA_ENTRIES: Final = (
    Entry(
        slug="lambda-parameter-latency",
        name="Lambda latency by a parameter",
        summary="Some invocations of the functions that read one parameter begin late.",
        failure_family="lambda-latency",
        icon="fn",
        rung=1,
        hypothesis="If some invocations begin late, then callers get their answers again within "
        "a minute.",
        parameters=lambda_templates.LATE_PARAMETERS,
        definition=lambda_templates.LATE,
        engine=LAMBDA_CONFIG,
    ),
    Entry(
        slug="lambda-parameter-faults",
        name="Latency, exception and status of Lambda functions by parameters",
        summary="Three functions fail, are late and answer with an error, each as its own "
        "library reads it.",
        failure_family="lambda-errors",
        icon="fn",
        rung=2,
        hypothesis="If some invocations go wrong, then callers get their answers again within "
        "a minute.",
        parameters=lambda_templates.CATALOGUE_PARAMETERS,
        definition=lambda_templates.CATALOGUE,
        engine=LAMBDA_CONFIG,
    ),
)
SCENARIOS: Final = ("ecs_stop_tasks", "ecs_task_cut_off", "lambda_latency", "lambda_errors")


def seed_catalogue(actor: Actor) -> dict[str, TemplateVersion]:
    """The newest version of each template, by slug of the template."""
    own = {
        entry.slug: _version(entry, actor)
        for entry in (*ENTRIES, *TOOLKIT_ENTRIES, *LAMBDA_ENTRIES)
    }
    return own | {key.replace("_", "-"): _scenario(key, actor) for key in SCENARIOS}


def _scenario(key: str, actor: Actor) -> TemplateVersion:
    template = Template.objects.filter(slug=key.replace("_", "-")).first()
    published = newest_version_of(template) if template else None
    return published or add_scenario(actor=actor, key=key)


def _version(entry: Entry, actor: Actor) -> TemplateVersion:
    template = Template.objects.filter(slug=entry.slug).first() or add_template(
        actor=actor,
        slug=entry.slug,
        name=entry.name,
        summary=entry.summary,
        failure_family=entry.failure_family,
        icon=entry.icon,
        engine=entry.engine,
    )
    published = template.versions.order_by("-number").first()
    if published is not None:
        return published
    if entry.generator:
        return publish_generated_version(
            actor=actor,
            template=template,
            generator=entry.generator,
            parameters=entry.parameters,
            rung=entry.rung,
            hypothesis=entry.hypothesis,
            notes=NOTES,
        )
    return publish_version(
        actor=actor,
        template=template,
        definition_text=json.dumps(entry.definition),
        parameters_text=json.dumps(entry.parameters),
        rung=entry.rung,
        hypothesis=entry.hypothesis,
        notes=NOTES,
    )
