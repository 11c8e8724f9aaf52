"""The dead-man's switch: while chaosplane can see and stop, it says so to CloudWatch.

An alarm that treats missing data as breaching is a stop condition of every production
template, so that experiments stop by themselves when nobody watches them any more
(AWS FIS User Guide, "Stop conditions"; CloudWatch User Guide, "Configuring how alarms treat
missing data"). Used by services.sentinel.
"""

from __future__ import annotations

from typing import Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess

NAMESPACE: Final = "ChaosPlane"
METRIC: Final = "Heartbeat"


def beat(access: AccountAccess) -> None:
    """One sign of life in this account and Region. Raises EngineError."""
    cloudwatch = client(access, "cloudwatch", Purpose.STOP)
    with aws_errors(f"send the heartbeat to {access.account_id}"):
        cloudwatch.put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[{"MetricName": METRIC, "Value": 1.0, "Unit": "Count"}],
        )
