"""Small FIS definitions for the telemetry account of the simulated estate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from exercises.domain.engine_values import StartOrder
from tests.simulated_aws import PRODUCTION, REGION

ALARM = f"arn:aws:cloudwatch:{REGION}:{PRODUCTION}:alarm:mqtt-undelivered-high"


def waiting(minutes: int = 10, **more: Any) -> dict[str, Any]:
    """A definition that only waits."""
    return {
        "description": "Wait",
        "targets": {},
        "actions": {
            "Wait": {"actionId": "aws:fis:wait", "parameters": {"duration": f"PT{minutes}M"}}
        },
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": ALARM}],
        "roleArn": f"arn:aws:iam::{PRODUCTION}:role/fis-experiments",
    } | more


def stopping(zone: str, *, minutes: int = 10, mode: str = "ALL") -> dict[str, Any]:
    """A definition that stops the broker's instances of one zone."""
    return waiting() | {
        "description": f"Stop brokers in {zone}",
        "targets": {
            "brokers": {
                "resourceType": "aws:ec2:instance",
                "resourceTags": {"chaosplane:application": "mqtt-broker"},
                "filters": [
                    {"path": "State.Name", "values": ["running"]},
                    {"path": "Placement.AvailabilityZone", "values": [zone]},
                ],
                "selectionMode": mode,
            }
        },
        "actions": {
            "Stop-brokers": {
                "actionId": "aws:ec2:stop-instances",
                "parameters": {"startInstancesAfterDuration": f"PT{minutes}M"},
                "targets": {"Instances": "brokers"},
            }
        },
    }


def order(template_ref: str, run_id: str, *, is_rehearsal: bool = False) -> StartOrder:
    return StartOrder(
        not_after=datetime.now(UTC) + timedelta(days=1),
        run_id=run_id,
        template_ref=template_ref,
        token=f"chaosplane-{run_id}",
        is_rehearsal=is_rehearsal,
        tags={"chaosplane:exercise": "test"},
    )
