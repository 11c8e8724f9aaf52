"""The simulated CloudWatch does arithmetic over metrics and refuses what it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudwatch.exceptions import ValidationError

from simulator.world.metric_math import evaluate
from tests.simulator.cloud import Cloud

KNOWN = {"m1": {0: 6.0, 1: 4.0, 3: 9.0}, "m2": {0: 2.0, 1: 0.0, 2: 5.0}}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("m1 + 1", {0: 7.0, 1: 5.0, 3: 10.0}),
        ("m1 - m2 * 2", {0: 2.0, 1: 4.0}),
        ("100 * m1 / m2", {0: 300.0}),
        ("-(m1 - 10)", {0: 4.0, 1: 6.0, 3: 1.0}),
        ("SUM([m1, m2])", {0: 8.0, 1: 4.0, 2: 5.0, 3: 9.0}),
        ("AVG([m1,m2])", {0: 4.0, 1: 2.0, 2: 5.0, 3: 9.0}),
        ("MAX([m1, m2]) - MIN([m1, m2])", {0: 4.0, 1: 4.0, 2: 0.0, 3: 0.0}),
        ("FILL(m1, 0)", {0: 6.0, 1: 4.0, 2: 0.0, 3: 9.0}),
        ("FILL(m1, REPEAT)", {0: 6.0, 1: 4.0, 2: 4.0, 3: 9.0}),
    ],
)
def test_each_period_is_worked_out_from_those_that_have_a_value(
    text: str, values: dict[int, float]
) -> None:
    assert evaluate("e", text, KNOWN, 4) == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("m1 +", "Invalid syntax"),
        ("m1 ? m2", "Invalid syntax"),
        ("m1 m2", "Invalid syntax"),
        ("SEARCH('x')", "Invalid syntax"),
        ("RATE(m1)", "Invalid syntax"),
        ("m1 + m9", "Unrecognized metric m9"),
        ("7", "It has to be a time series"),
        ("SUM([7])", "It has to be a time series"),
        ("m1 + 1 / 0", "Division by zero"),
    ],
)
def test_what_it_cannot_read_is_a_validation_error(text: str, why: str) -> None:
    with pytest.raises(ValidationError, match=f"Error in expression 'e': {why}"):
        evaluate("e", text, KNOWN, 4)


def ask(cloud: Cloud, expression: str) -> Any:
    now = datetime.now(UTC)
    metric = {
        "Namespace": "ConnectedVehicle/MQTT",
        "MetricName": "DistinctClusters",
        "Dimensions": [{"Name": "Cluster", "Value": "mqtt-broker"}],
    }
    part = {"MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
    return cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": "clusters", "ReturnData": False, **part},
            {"Id": "twice", "Expression": expression},
        ],
        StartTime=now - timedelta(minutes=20),
        EndTime=now,
    )["MetricDataResults"]


def test_only_the_expression_comes_back_with_its_times(cloud: Cloud) -> None:
    [found] = ask(cloud, "2 * clusters")
    assert (found["Id"], found["Label"], found["StatusCode"]) == ("twice", "twice", "Complete")
    assert set(found["Values"]) == {2.0}
    first, second = found["Timestamps"][:2]
    assert abs(first - second) == timedelta(minutes=1)


def test_the_api_says_which_expression_is_wrong(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as error:
        ask(cloud, "2 * cluster")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert "Error in expression 'twice': Unrecognized metric cluster" in str(error.value)
