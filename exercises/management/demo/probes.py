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


def _probe(source: dict[str, object], key: str, name: str, **more: object) -> dict[str, object]:
    unlimited = {"low": None, "high": None, "is_business": False, "grace_s": 0, "decimals": 0}
    return source | unlimited | {"key": key, "name": name} | more


def _metric(namespace: str, dimension: str, value: str, stat: str = "Average") -> dict[str, object]:
    return {
        "kind": "cloudwatch",
        "namespace": namespace,
        "dimensions": {dimension: value},
        "stat": stat,
        "period_s": MINUTE_S,
    }


def build_probes() -> list[dict[str, object]]:
    """Builds that find their cache: a pod bound to a volume of the lost zone costs them it."""
    source = _metric("DeveloperPlatform/CI", "Cluster", "developer-platform")
    return [
        _probe(source, "cache", "Cache hit ratio", metric="CacheHitRatio", unit="%",
               is_business=True, low=90.0, grace_s=6 * MINUTE_S, decimals=1),
        _probe(source, "queue", "Queued runners", metric="QueuedRunners", unit="runners",
               high=2000.0, grace_s=5 * MINUTE_S),
    ]  # fmt: skip


def moderation_probes() -> list[dict[str, object]]:
    """The promise of five minutes, and customers who are let in."""
    source = _metric("ContentModeration", "Service", "content-moderation")
    return [
        _probe(source, "longest", "Longest moderation", metric="ModerationTimeMax", unit="s",
               stat="Maximum", is_business=True, high=300.0),
        _probe(source, "customers", "Customers served", metric="CustomerSuccess", unit="%",
               is_business=True, low=99.0, grace_s=MINUTE_S, decimals=1),
    ]  # fmt: skip


def function_probes() -> list[dict[str, object]]:
    """What callers of the three functions get."""
    names = {"search": "Search", "thumbnails": "Thumbnails", "subtitles": "Subtitles"}
    return [
        _probe(
            _metric("Media/Catalogue", "FunctionName", f"media-{key}"), key,
            f"{name} answered", metric="SuccessfulRequests", unit="%",
            is_business=True, low=99.5, grace_s=MINUTE_S, decimals=2,
        )
        for key, name in names.items()
    ]  # fmt: skip


def database_probes() -> list[dict[str, object]]:
    """Writes that are taken: clients that stay with the old writer fail long after it."""
    source = _metric("Database/Clients", "DBClusterIdentifier", "charging-sessions-db")
    return [
        _probe(source, "writes", "Writes taken", metric="WriteSuccess", unit="%",
               is_business=True, low=99.0, grace_s=2 * MINUTE_S, decimals=1),
        _probe(source, "refused", "Failed connections", metric="FailedConnections",
               unit="connections", high=20.0, grace_s=2 * MINUTE_S),
    ]  # fmt: skip


def gateway_probes() -> list[dict[str, object]]:
    """What the gateway answers: an error of its own is a mistake, whoever asked."""
    source = _metric("AWS/ApiGateway", "ApiName", "content-moderation", "Sum")
    calls = {**source, "stat": "Average"}
    customers = _metric("ContentModeration", "Service", "content-moderation")
    return [
        _probe(source, "errors", "Errors of the gateway", metric="5XXError", unit="errors",
               is_business=True, high=0.0),
        _probe(calls, "calls", "Calls", metric="Count", unit="calls", low=1.0,
               grace_s=2 * MINUTE_S),
        _probe(customers, "customers", "Customers served", metric="CustomerSuccess", unit="%",
               is_business=True, low=99.0, grace_s=MINUTE_S, decimals=1),
    ]  # fmt: skip
