"""The policies of docs/operations/aws-accounts.md allow the calls that are made, no others."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exercises.aws import sessions
from exercises.aws.alarms import alarm_states
from exercises.aws.fis_offers import account_templates, offered_action, offered_action_ids
from exercises.aws.fleet import application_nodes
from exercises.aws.heartbeat import beat
from exercises.aws.permissions_check import check_roles
from exercises.aws.queue import delete, receive
from exercises.aws.safety_lever import engage, lever_status
from exercises.aws.sessions import Purpose, forget_clients
from exercises.domain.engine_values import Watch
from exercises.domain.plans import AccountAccess
from exercises.domain.steady_state import ProbeSpec
from exercises.domain.target_accounts import TargetAccount, in_accounts
from exercises.engines import fis_accounts, fis_definition, toolkit_targets
from exercises.engines.fis import FisEngine
from exercises.probes.cloudwatch import newest_readings
from tests.fis_definitions import order, waiting
from tests.left_behind import CLUSTER, definition_of_everything
from tests.simulated_aws import PRODUCTION, access_to, stopped_clock
from tests.toolkit_experiments import action, document, python

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "aws-accounts.md"
DESCRIBED = ("ec2:instance", "ec2:ebs-volume", "ec2:subnet", "ec2:autoscaling-group", "rds:cluster")
OF_EVERY_KIND = {
    "targets": {
        kind: {
            "resourceType": f"aws:{kind}",
            "resourceTags": {"team": "telemetry"},
            "parameters": {"availabilityZoneIdentifier": "euc1-az1"},
            "selectionMode": "ALL",
        }
        for kind in (*DESCRIBED, "kinesis:stream")
    }
}
PROBE = ProbeSpec(
    key="any",
    name="Any",
    kind="cloudwatch",
    unit="",
    is_business=False,
    namespace="Tests",
    metric="Any",
    dimensions={},
    stat="Average",
    period_s=60,
    low=0,
    high=None,
    grace_s=0,
)
PREFIXES = {"resourcegroupstaggingapi": "tag"}
RIGHT_OF = {"s3:ListObjectsV2": "s3:ListBucket"}
"""Where the right is called otherwise than the call (Service Authorization Reference)."""
COME_WITH_A_CALL = {"fis:TagResource", "iam:PassRole", "iam:CreateServiceLinkedRole"}


def documented(purpose: Purpose) -> set[str]:
    """The actions of the policy in the documentation."""
    (text,) = re.findall(rf"```json {purpose}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    actions = [statement["Action"] for statement in json.loads(text)["Statement"]]
    return {name for each in actions for name in ([each] if isinstance(each, str) else each)}


@pytest.fixture(scope="module")
def made() -> Iterator[dict[Purpose, set[str]]]:
    """Every call of a whole run from the preview to the archive, by purpose."""
    seen: dict[Purpose, set[str]] = defaultdict(set)
    create = sessions._new_client

    def tapped(session: Any, service: str, region: str, purpose: Purpose) -> Any:
        created = create(session, service, region, purpose)

        def note(event_name: str, **_: Any) -> None:
            if service != "sts":
                operation = event_name.rsplit(".", 1)[-1]
                call = f"{PREFIXES.get(service, service)}:{operation}"
                seen[purpose].add(RIGHT_OF.get(call, call))

        created.meta.events.register("before-call", note)
        return created

    with stopped_clock() as aws, pytest.MonkeyPatch.context() as patch:
        access = access_to(PRODUCTION)
        hit = definition_of_everything(access)
        patch.setattr(sessions, "_new_client", tapped)
        forget_clients()
        a_whole_run(access, hit, aws.clock)
        yield seen


def a_whole_run(access: AccountAccess, hit: dict[str, Any], clock: Any) -> None:
    fis = FisEngine()
    check_roles(access)
    application_nodes(access, "mqtt-broker")
    alarm_states(access, [f"arn:aws:cloudwatch:{access.region}:{PRODUCTION}:alarm:any"])
    newest_readings(access, [PROBE], until=datetime.now(UTC) - timedelta(hours=1), speed=1)
    fis.preview(access, OF_EVERY_KIND)
    fis.snapshot(access, hit, fis.snapshot(access, hit))
    task = hit["targets"]["stop-task"]["resourceArns"][0].rpartition("/")[2]
    stop = python("chaosaws.ecs.actions", "stop_task", cluster=CLUSTER, task_id=task, reason="x")
    toolkit_targets.targets(access, document(action("stop", stop)))
    offered_action(access, offered_action_ids(access)[0])
    account_templates(access)
    definition = waiting()
    ref = fis.provision(access, definition, "policies")
    fis.verify(access, fis.provision(access, definition, "policies"), definition)
    started = fis.start(access, order(ref, "policies"))
    fis.find(access, ref, "policies")
    fis.observe(access, [Watch(started.ref, None, full=False)])
    in_several_accounts(access)
    fis.discover(access)
    fis.stop(access, started.ref)
    beat(access)
    lever_status(access)
    engage(access, "policies")
    clock.advance(120)
    queue = f"https://sqs.{access.region}.amazonaws.com/{PRODUCTION}/chaosplane-fis-events"
    delete(access, queue, receive(access, queue))
    fis.archive(access, started.ref)


def in_several_accounts(access: AccountAccess) -> None:
    """What one experiment in several accounts asks besides."""
    own = TargetAccount(PRODUCTION, str(waiting()["roleArn"]))
    definition = in_accounts(waiting(), [own])
    start = sessions.client(access, "fis", Purpose.START)
    body = fis_definition.request_body(definition)
    ref = start.create_experiment_template(**body)["experimentTemplate"]["id"]
    fis_accounts.configure(access, ref, definition)
    assert fis_accounts.differences(access, ref, definition) == []
    made = start.start_experiment(experimentTemplateId=ref)["experiment"]["id"]
    assert fis_accounts.differences_of_running(access, made, definition) == []


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_policy_of_a_role_is_the_calls_made_with_it(
    made: dict[Purpose, set[str]], purpose: Purpose
) -> None:
    assert made[purpose] == documented(purpose) - COME_WITH_A_CALL


def test_no_role_may_do_what_another_is_for() -> None:
    """But a stop finds out by itself what there is to stop."""
    policies = [documented(purpose) for purpose in Purpose]
    assert documented(Purpose.READ) & documented(Purpose.STOP) == {"fis:ListExperiments"}
    policies.remove(documented(Purpose.STOP))
    policies.append(documented(Purpose.STOP) - {"fis:ListExperiments"})
    assert sum(map(len, policies)) == len(set().union(*policies))
