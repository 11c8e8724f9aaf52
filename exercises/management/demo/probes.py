"""The steady state of the demo's deployments: the metrics that the estate publishes."""

from __future__ import annotations

MINUTE_S = 60


def mqtt_probes(*, is_production: bool) -> list[dict[str, object]]:
    """One cluster that delivers: what a split brain breaks first is the second number."""
    metric = {
        "kind": "cloudwatch",
        "namespace": "ConnectedVehicle/MQTT",
        "dimensions": {"Cluster": "mqtt-broker" if is_production else "mqtt-broker-int"},
        "stat": "Average",
        "period_s": MINUTE_S,
    }
    return [
        metric
        | {
            "key": "delivered",
            "name": "Messages delivered",
            "unit": "%",
            "is_business": True,
            "metric": "MessagesDelivered",
            "low": 99.5,
            "high": None,
            "grace_s": 2 * MINUTE_S,
            "decimals": 2,
        },
        metric
        | {
            "key": "clusters",
            "name": "Distinct clusters",
            "unit": "",
            "is_business": False,
            "metric": "DistinctClusters",
            # An average of one and two clusters would read as one.
            "stat": "Maximum",
            "low": 1,
            "high": 1,
            "grace_s": 0,
            "decimals": 0,
        },
        metric
        | {
            "key": "vehicles",
            "name": "Connected vehicles",
            "unit": "vehicles",
            "is_business": True,
            "metric": "ConnectedVehicles",
            "low": 3_900_000 if is_production else 38_000,
            "high": None,
            "grace_s": 10 * MINUTE_S,
            "decimals": 0,
        },
        metric
        | {
            "key": "p99",
            "name": "Publish to deliver p99",
            "unit": "ms",
            "is_business": False,
            "metric": "PublishToDeliverP99",
            "low": None,
            "high": 1000,
            "grace_s": 3 * MINUTE_S,
            "decimals": 0,
        },
    ]


def availability_probes(application: str) -> list[dict[str, object]]:
    """Two numbers of a plain service: what users get, and how fast."""
    metric = {
        "kind": "cloudwatch",
        "namespace": "Platform/Applications",
        "dimensions": {"Application": application},
        "stat": "Average",
        "period_s": MINUTE_S,
    }
    return [
        metric
        | {
            "key": "availability",
            "name": "Availability",
            "unit": "%",
            "is_business": True,
            "metric": "Availability",
            "low": 99.0,
            "high": None,
            "grace_s": 5 * MINUTE_S,
            "decimals": 2,
        },
        metric
        | {
            "key": "latency",
            "name": "Latency p95",
            "unit": "ms",
            "is_business": False,
            "metric": "LatencyP95",
            "low": None,
            "high": 800,
            "grace_s": 10 * MINUTE_S,
            "decimals": 0,
        },
    ]
