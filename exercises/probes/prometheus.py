"""Probe values from Prometheus, and from what answers its HTTP API (Thanos, Mimir, Cortex).

A range query, so that there are values from before the fault. One expression is one line: of
several, nobody could say which is meant. Prometheus HTTP API, "Range queries".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from exercises.domain.engine_values import Reading
from exercises.domain.errors import EngineError, Invalid
from exercises.fetching import failed
from exercises.probes.numbers import document, number
from exercises.probes.outside import Reach, fetch
from exercises.probes.protocol import Answers, Asking, ProbeRequest

MOST_POINTS: Final = 500
_AGAIN: Final = 2
"""Periods that are read again: a scrape may have been late."""


class PrometheusSource:
    """One range query for each expression."""

    def __init__(self, reach: Reach | None = None) -> None:
        self._reach = reach or Reach()

    def read(self, asking: Asking, requests: Sequence[ProbeRequest]) -> Answers:
        """The steps since each request's `since`, at most MOST_POINTS of them."""
        answers = Answers()
        for one in requests:
            try:
                answers.add(one.run_id, self._readings(asking, one))
            except (EngineError, Invalid) as error:
                answers.problems[f"{one.spec.name}: {error}"] = None
        return answers

    def _readings(self, asking: Asking, request: ProbeRequest) -> list[Reading]:
        spec = request.spec
        step_s = max(1, round(spec.period_s / asking.speed))
        first = max(
            request.since.timestamp() - _AGAIN * step_s,
            asking.until.timestamp() - MOST_POINTS * step_s,
        )
        begins = math.floor(first / step_s) * step_s
        window = {
            "query": spec.query,
            "start": f"{begins:d}",
            "end": f"{asking.until.timestamp():.3f}",
            "step": f"{step_s:d}",
        }
        answer = fetch(
            f"{spec.url.rstrip('/')}/api/v1/query_range?{urlencode(window)}",
            allowed=asking.allowed,
            reach=self._reach,
            accept="application/json",
        )
        if answer.status != 200:
            raise failed(f"it answered {answer.status}")
        since = datetime.fromtimestamp(begins, UTC)
        return [
            Reading(spec.key, at, value)
            for at, value in _points(document(answer.content), spec.scale)
            if since <= at <= asking.until  # a clock that is off says nothing of this run
        ]


def _points(body: object, scale: float) -> list[tuple[datetime, float]]:
    """The finite points of the only line. Raises EngineError."""
    data = body.get("data") if isinstance(body, dict) else None
    lines = data.get("result") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(lines, list):
        raise failed("it does not answer as Prometheus does")
    if not lines:
        return []
    if len(lines) > 1:
        raise failed(f"it gives {len(lines)} lines where one is judged; sum them or choose one")
    values = lines[0].get("values") if isinstance(lines[0], dict) else None
    if data.get("resultType") != "matrix" or not isinstance(values, list):
        raise failed("it does not answer as Prometheus does")
    found = (_point(pair, scale) for pair in values[: 2 * MOST_POINTS])
    return sorted(point for point in found if point is not None)


def _point(pair: object, scale: float) -> tuple[datetime, float] | None:
    """One step; None for NaN, which is how Prometheus divides nothing by nothing."""
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    try:
        at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=number(pair[0]))
        return at, number(number(pair[1]) * scale)
    except (EngineError, OverflowError):
        return None
