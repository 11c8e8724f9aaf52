"""Probe values from CloudWatch metrics.

All probes of an account and Region share a GetMetricData, also those of several runs; the
same metric or expression is asked for once. Only periods that have ended are given: the open
one would still change.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import Reading
from exercises.domain.errors import EngineError
from exercises.domain.metric_math import MOST_QUERIES, name_in_call, renamed
from exercises.domain.plans import AccountAccess
from exercises.domain.steady_state import ProbeSpec
from exercises.probes.protocol import Answers, Asking, ProbeRequest

_LATE_PERIODS: Final = 3
"""Read again each time, because one metric may arrive after another: callers keep the first."""

_FRESH_PERIODS: Final = 5
_FRESH_AT_LEAST_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Metric:
    """One metric and its statistic, with the id that an expression calls it by."""

    id: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str


@dataclass(frozen=True, slots=True)
class _Query:
    """What a probe asks CloudWatch for: one metric, or an expression over several. Equal for
    equal questions."""

    metrics: tuple[_Metric, ...]
    expression: str
    period_s: int

    @property
    def size(self) -> int:
        """How many queries of a call it takes."""
        return len(self.metrics) + bool(self.expression)

    def __str__(self) -> str:
        return self.expression or f"{self.metrics[0].namespace} {self.metrics[0].metric}"


_Points = Sequence[tuple[datetime, float]]


class CloudWatchSource:
    """The metrics of an account and Region, as many as there are in a call."""

    def read(self, asking: Asking, requests: Sequence[ProbeRequest]) -> Answers:
        """The ended periods of each metric, a few of them again, for some come late."""
        answers = Answers()
        found = read_many(asking.access, requests, until=asking.until, speed=asking.speed)
        for run_id, readings in found.items():
            answers.add(run_id, readings)
        return answers


def read_many(
    access: AccountAccess, requests: Sequence[ProbeRequest], *, until: datetime, speed: float
) -> dict[str, list[Reading]]:
    """The readings of each run, oldest first, from a few periods before `since`."""
    wanted = [(request, _query(request.spec, speed)) for request in requests]
    begins = [
        request.since - timedelta(seconds=_LATE_PERIODS * query.period_s)
        for request, query in wanted
    ]
    points = _points(
        access, [query for _, query in wanted], since=min(begins, default=until), until=until
    )
    found: dict[str, list[Reading]] = {request.run_id: [] for request in requests}
    for (request, query), begin in zip(wanted, begins, strict=True):
        found[request.run_id] += [
            _reading(request.spec, at, value) for at, value in points[query] if at >= begin
        ]
    return {run_id: sorted(readings, key=_by_time) for run_id, readings in found.items()}


def newest_readings(
    access: AccountAccess, specs: Sequence[ProbeSpec], *, until: datetime, speed: float
) -> dict[str, Reading | None]:
    """The newest reading of each probe by its key; None when it has been silent of late."""
    queries = {spec.key: _query(spec, speed) for spec in specs}
    longest = max((query.period_s for query in queries.values()), default=1)
    back = max(_FRESH_PERIODS * longest, _FRESH_AT_LEAST_S)
    since = until - timedelta(seconds=back)
    points = _points(access, list(queries.values()), since=since, until=until)
    return {
        spec.key: _reading(spec, *points[queries[spec.key]][-1])
        if points[queries[spec.key]]
        else None
        for spec in specs
    }


def _query(spec: ProbeSpec, speed: float) -> _Query:
    """The question of a probe; a period of planned time is shorter when time runs faster."""
    rows = spec.metrics or (
        {
            "namespace": spec.namespace,
            "metric": spec.metric,
            "dimensions": spec.dimensions,
            "stat": spec.stat,
        },
    )
    return _Query(
        metrics=tuple(
            _Metric(
                id=row.get("id", ""),
                namespace=row["namespace"],
                metric=row["metric"],
                dimensions=tuple(sorted(row.get("dimensions", {}).items())),
                stat=row["stat"],
            )
            for row in rows
        ),
        expression=spec.expression,
        period_s=max(1, round(spec.period_s / speed)),
    )


def _reading(spec: ProbeSpec, at: datetime, value: float) -> Reading:
    return Reading(spec.key, at, value * spec.scale)


def _by_time(reading: Reading) -> tuple[datetime, str]:
    return reading.at, reading.probe


def _points(
    access: AccountAccess, queries: Sequence[_Query], *, since: datetime, until: datetime
) -> dict[_Query, _Points]:
    """The ended periods of every metric, oldest first."""
    found: dict[_Query, _Points] = {}
    for batch in _batches(list(dict.fromkeys(queries))):
        start = _aligned(since, max(query.period_s for query in batch))
        results = _metric_data(access, batch, start=start, end=until)
        for index, query in enumerate(batch):
            period = timedelta(seconds=query.period_s)
            found[query] = sorted(
                (at, value) for at, value in results.get(f"m{index}", ()) if at + period <= until
            )
    return found


def _batches(queries: Sequence[_Query]) -> Iterator[list[_Query]]:
    """As few calls as there can be in this order; an expression goes with its metrics."""
    batch: list[_Query] = []
    for query in queries:
        if batch and sum(each.size for each in batch) + query.size > MOST_QUERIES:
            yield batch
            batch = []
        batch.append(query)
    if batch:
        yield batch


def _aligned(at: datetime, period_s: int) -> datetime:
    """The beginning of the period that holds this moment: periods count from the hour."""
    return datetime.fromtimestamp(math.floor(at.timestamp() / period_s) * period_s, UTC)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _metric_data(
    access: AccountAccess, queries: Sequence[_Query], *, start: datetime, end: datetime
) -> Mapping[str, _Points]:
    cloudwatch = client(access, "cloudwatch", Purpose.READ)
    found: dict[str, list[tuple[datetime, float]]] = {}
    with aws_errors(f"read metrics in {access.account_id}"):
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[
                body for n, query in enumerate(queries) for body in _bodies(n, query)
            ],
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                _refuse_failed(access, queries, result)
                found.setdefault(result["Id"], []).extend(
                    zip(map(_utc, result["Timestamps"]), result["Values"], strict=True)
                )
    return found


def _refuse_failed(
    access: AccountAccess, queries: Sequence[_Query], result: Mapping[str, Any]
) -> None:
    """A metric that could not be read is an error, not silence."""
    status = result.get("StatusCode", "Complete")
    if status in {"Complete", "PartialData"}:
        return
    query = queries[int(result["Id"][1:])]
    raise EngineError(
        f"Could not read {query} in {access.account_id}: {status}",
        outcome="none",
        retryable=status == "InternalError",
    )


def _bodies(number: int, query: _Query) -> list[dict[str, Any]]:
    """A query of this number in its call, with the metrics that its expression is over."""
    name = f"m{number}"
    if not query.expression:
        return [_body(name, query.metrics[0], query.period_s)]
    names = {metric.id: name_in_call(number, metric.id) for metric in query.metrics}
    parts = [
        _body(names[metric.id], metric, query.period_s) | {"ReturnData": False}
        for metric in query.metrics
    ]
    return [*parts, {"Id": name, "Expression": renamed(query.expression, names)}]


def _body(name: str, metric: _Metric, period_s: int) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
            },
            "Period": period_s,
            "Stat": metric.stat,
        },
    }
