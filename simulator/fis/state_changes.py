"""Tells EventBridge of every state change; its rules decide which queues of SQS hear of it.

The events are delivered here and not by moto, which leaves out the account. AWS FIS User
Guide, "Monitor AWS FIS experiments using Amazon EventBridge".
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.events.models import events_backends
from moto.sqs.models import sqs_backends

from simulator.fis.records import Experiment, State

SOURCE = "aws.fis"
DETAIL_TYPE = "FIS Experiment State Change"


def tell(experiment: Experiment) -> None:
    """Send what has not been told yet of one experiment, in order."""
    while experiment.moves:
        before, after = experiment.moves.popleft()
        _deliver(experiment.account, experiment.region, _event(experiment, before, after))


def _event(experiment: Experiment, before: State, after: State) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": DETAIL_TYPE,
        "source": SOURCE,
        "account": experiment.account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": experiment.region,
        "resources": [experiment.document["arn"]],
        "detail": {
            "experiment-id": experiment.id,
            "experiment-template-id": experiment.document["experimentTemplateId"],
            "new-state": after,
            "old-state": before,
        },
    }


def _deliver(account: str, region: str, event: Any) -> None:
    queues = sqs_backends[account][region]
    for rule in list(events_backends[account][region].describe_event_bus("default").rules.values()):
        if rule.event_pattern.matches_event(event):
            for target in rule.targets:
                _, _, name = target["Arn"].rpartition(":")
                if ":sqs:" in target["Arn"] and name in queues.queues:
                    queues.send_message(name, json.dumps(event))
