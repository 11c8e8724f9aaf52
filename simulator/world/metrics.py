"""CloudWatch data of the worlds: written straight into moto's store, read in one pass.

moto's own GetMetricData takes periods x data points x queries and looks at every service for
each call; at one-second periods that is too slow to poll, so `install_reading` replaces it
for plain metrics and for arithmetic over them. Nothing else of moto is changed.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import (
    CloudWatchBackend,
    Dimension,
    MetricDatum,
    MetricDatumBase,
    Statistics,
    cloudwatch_backends,
)

from simulator.world.metric_math import Points, evaluate

FULL_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(hours=6)
THINNED_TO = timedelta(seconds=5)

SeriesKey = tuple[str, str, tuple[tuple[str, str], ...]]


class Series:
    """One metric of one account and Region."""

    def __init__(self, account: str, region: str, namespace: str, dimension: tuple[str, str]):
        self._backend: CloudWatchBackend = cloudwatch_backends[account][region]
        self._namespace = namespace
        self._dimensions = [Dimension(*dimension)]

    def publish(self, values: Mapping[str, float], at: datetime) -> None:
        """Add one data point to each named metric."""
        moment = at.astimezone(UTC).replace(tzinfo=None)
        for name, value in values.items():
            datum = MetricDatum(self._namespace, name, round(value, 4), [], moment)
            datum.dimensions = self._dimensions
            self._backend.metric_data.append(datum)


def forget(account: str, region: str, namespace: str, dimension: tuple[str, str]) -> None:
    """Drop all data of a dimension."""
    backend = cloudwatch_backends[account][region]
    size = len(backend.metric_data)
    backend.metric_data[:size] = [
        datum
        for datum in backend.metric_data[:size]
        if datum.namespace != namespace
        or dimension not in [(each.name, each.value) for each in datum.dimensions]
    ]


def sort(account: str, region: str) -> None:
    """Bring data of the past into the order that readers rely on."""
    backend = cloudwatch_backends[account][region]
    size = len(backend.metric_data)
    backend.metric_data[:size] = sorted(
        backend.metric_data[:size], key=lambda datum: datum.timestamp
    )


def prune(account: str, region: str, now: datetime) -> None:
    """Thin old data out and drop what is older than six hours."""
    moment = now.astimezone(UTC).replace(tzinfo=None)
    full_since, kept_since = moment - FULL_FOR, moment - KEPT_FOR
    backend = cloudwatch_backends[account][region]
    size = len(backend.metric_data)
    kept: list[MetricDatumBase] = []
    last: dict[tuple[str, int], datetime] = {}
    for datum in backend.metric_data[:size]:
        if datum.timestamp >= full_since:
            kept.append(datum)
        elif datum.timestamp >= kept_since:
            key = (datum.name, id(datum.dimensions))
            previous = last.get(key)
            if previous is None or datum.timestamp - previous >= THINNED_TO:
                last[key] = datum.timestamp
                kept.append(datum)
    backend.metric_data[:size] = kept


def key_of(namespace: str, name: str, dimensions: Iterable[Dimension]) -> SeriesKey:
    return namespace, name, tuple(sorted((str(each.name), str(each.value)) for each in dimensions))


def recent(backend: CloudWatchBackend, key: SeriesKey, since: datetime) -> list[MetricDatumBase]:
    """The data of one metric since a moment, newest first; data arrives in order of time."""
    found = []
    for datum in reversed(backend.metric_data):
        if datum.timestamp < since:
            break
        if datum.name == key[1] and key_of(datum.namespace, datum.name, datum.dimensions) == key:
            found.append(datum)
    return found


def install_reading() -> None:
    """Let GetMetricData answer quickly."""
    slow = CloudWatchBackend.get_metric_data
    if getattr(slow, "reads_in_one_pass", False):
        return

    def get_metric_data(
        self: CloudWatchBackend,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        if start_time >= end_time or any(_is_insight(query) for query in queries):
            return slow(self, queries, start_time, end_time, scan_by)
        return _read(self, queries, start_time, end_time, scan_by)

    get_metric_data.reads_in_one_pass = True  # type: ignore[attr-defined]
    CloudWatchBackend.get_metric_data = get_metric_data  # type: ignore[method-assign]


def _is_insight(query: Mapping[str, Any]) -> bool:
    return str(query.get("Expression", "")).startswith("SELECT")


def _read(
    backend: CloudWatchBackend,
    queries: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
    scan_by: str,
) -> list[dict[str, Any]]:
    start = start.replace(microsecond=0)
    plain = [query for query in queries if "MetricStat" in query]
    wanted = {_query_key(query) for query in plain}
    names = {key[1] for key in wanted}
    data: dict[SeriesKey, list[MetricDatumBase]] = defaultdict(list)
    for datum in list(backend.metric_data):
        if datum.name in names and start <= datum.timestamp < end:
            key = key_of(datum.namespace, datum.name, datum.dimensions)
            if key in wanted:
                data[key].append(datum)
    points = {query["Id"]: _points(query, data[_query_key(query)], start) for query in plain}
    periods = {query["Id"]: int(query["MetricStat"]["Period"]) for query in plain}
    results = []
    for query in queries:
        name, label = query["Id"], query.get("Label") or query["Id"]
        if "Expression" in query:
            # CloudWatch takes the longest period of the metrics that an expression names.
            used = set(re.findall(r"[A-Za-z]\w*", query["Expression"])) & periods.keys()
            periods[name] = max((periods[each] for each in used), default=60)
            count = math.ceil((end - start).total_seconds() / periods[name])
            points[name] = evaluate(name, query["Expression"], points, count)
        elif not query.get("Label"):
            stat = query["MetricStat"]
            label = f"{stat['Metric']['MetricName']} {stat['Stat']}"
        if query.get("ReturnData", True):
            results.append(_result(name, label, points[name], periods[name], start, scan_by))
    return results


def _query_key(query: Mapping[str, Any]) -> SeriesKey:
    metric = query["MetricStat"]["Metric"]
    dimensions = [Dimension(each["Name"], each["Value"]) for each in metric.get("Dimensions", [])]
    return key_of(metric["Namespace"], metric["MetricName"], dimensions)


def _points(query: Mapping[str, Any], data: list[MetricDatumBase], start: datetime) -> Points:
    stat, period = query["MetricStat"]["Stat"], int(query["MetricStat"]["Period"])
    buckets: dict[int, list[MetricDatumBase]] = defaultdict(list)
    for datum in data:
        buckets[int((datum.timestamp - start).total_seconds() // period)].append(datum)
    found = {}
    for bucket, held in buckets.items():
        statistics = Statistics([stat], start)
        statistics.metric_data = held
        value = statistics.get_statistics_for_type(stat)
        if value is not None:
            found[bucket] = float(value)
    return found


def _result(
    name: str, label: str, points: Points, period: int, start: datetime, scan_by: str
) -> dict[str, Any]:
    order = sorted(points, reverse=scan_by == "TimestampDescending")
    return {
        "id": name,
        "label": label,
        "values": [points[bucket] for bucket in order],
        "timestamps": [start + timedelta(seconds=bucket * period) for bucket in order],
        "status_code": "Complete",
    }
