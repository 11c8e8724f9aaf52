"""The sources of probe values by kind. services read probes here and nowhere else.

What is not AWS is asked beside the questions to AWS, each address in a thread of its own,
and is waited for no longer than outside.TIMEOUT_S: one that hangs delays neither the other
probes nor a stop.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Final

from exercises.domain.engine_values import Reading
from exercises.domain.errors import EngineError
from exercises.domain.probe_sources import (
    ALARM,
    CLOUDWATCH,
    HTTP,
    METRIC_MATH,
    OUTSIDE,
    PROMETHEUS,
)
from exercises.domain.steady_state import ProbeSpec
from exercises.probes.alarms import AlarmSource
from exercises.probes.cloudwatch import CloudWatchSource, newest_readings
from exercises.probes.http import HttpSource
from exercises.probes.outside import TIMEOUT_S
from exercises.probes.prometheus import PrometheusSource
from exercises.probes.protocol import Answers, Asking, ProbeRequest, Source

SOURCES: Final[dict[str, Source]] = {
    CLOUDWATCH: CloudWatchSource(),
    ALARM: AlarmSource(),
    HTTP: HttpSource(),
    PROMETHEUS: PrometheusSource(),
}

_METRICS: Final = frozenset({CLOUDWATCH, METRIC_MATH})
"""Kinds that are asked in the same calls."""
_THREADS: Final = 16
_SLACK_S: Final = 0.25
_Jobs = Mapping[Hashable, Sequence[ProbeRequest]]


class Outstanding:
    """The questions that are being asked beside AWS."""

    def __init__(self, asking: Asking, requests: Sequence[ProbeRequest]) -> None:
        self._ends_at = time.monotonic() + TIMEOUT_S + _SLACK_S
        jobs: _Jobs = _by_question(requests)
        self._jobs: dict[Future[Answers], Sequence[ProbeRequest]] = {}
        if not jobs:
            return
        pool = ThreadPoolExecutor(min(_THREADS, len(jobs)), thread_name_prefix="probe")
        for job in jobs.values():
            self._jobs[pool.submit(SOURCES[job[0].spec.kind].read, asking, job)] = job
        pool.shutdown(wait=False)

    def collect(self) -> Answers:
        """What has come, waiting until the time is over. Never raises for what a probe did."""
        found = Answers()
        done, late = wait(self._jobs, timeout=max(0.0, self._ends_at - time.monotonic()))
        for future in late:
            future.cancel()
            names = ", ".join(dict.fromkeys(one.spec.name for one in self._jobs[future]))
            found.problems[f"{names}: it took longer than {TIMEOUT_S:g} seconds"] = None
        for future in done:
            _merge(found, future.result())
        return found


def ask_outside(asking: Asking, requests: Sequence[ProbeRequest]) -> Outstanding:
    """Begin to ask what is not AWS. Returns at once."""
    return Outstanding(asking, [one for one in requests if one.spec.kind in OUTSIDE])


def read_many(
    asking: Asking, requests: Sequence[ProbeRequest], outside: Outstanding | None = None
) -> Answers:
    """The readings of every probe. An account that does not answer keeps only its own away."""
    outside = outside or ask_outside(asking, requests)
    found = Answers()
    for kind, kinds in ((CLOUDWATCH, _METRICS), (ALARM, {ALARM})):
        wanted = [one for one in requests if one.spec.kind in kinds]
        try:
            if wanted:
                _merge(found, SOURCES[kind].read(asking, wanted))
        except EngineError as error:
            found.is_complete = False
            found.problems[str(error)] = None
    return _merge(found, outside.collect())


def newest(asking: Asking, specs: Sequence[ProbeSpec]) -> dict[str, Reading | None]:
    """The newest reading of each probe by its key; None when it has been silent of late.

    Raises EngineError when AWS does not answer.
    """
    back = {spec.key: asking.wall(5 * spec.period_s) + timedelta(seconds=10) for spec in specs}
    requests = [ProbeRequest("", spec, asking.until - back[spec.key]) for spec in specs]
    outside = ask_outside(asking, requests)
    metrics = [spec for spec in specs if spec.kind in _METRICS]
    found: dict[str, Reading | None] = dict.fromkeys(spec.key for spec in specs)
    if metrics:
        found |= newest_readings(asking.access, metrics, until=asking.until, speed=asking.speed)
    alarms = [one for one in requests if one.spec.kind == ALARM]
    polled = SOURCES[ALARM].read(asking, alarms) if alarms else Answers()
    for reading in _merge(polled, outside.collect()).readings.get("", ()):
        known = found[reading.probe]
        if known is None or reading.at >= known.at:
            found[reading.probe] = reading
    return found


def _by_question(requests: Sequence[ProbeRequest]) -> _Jobs:
    """Requests that one answer serves, together."""
    jobs: dict[Hashable, list[ProbeRequest]] = defaultdict(list)
    for one in requests:
        key: Hashable = (one.spec.kind, one.spec.url, one.spec.query)
        if one.spec.kind == PROMETHEUS:
            key = (key, one.run_id, one.spec.key)
        jobs[key].append(one)
    return jobs


def _merge(into: Answers, more: Answers) -> Answers:
    for run_id, readings in more.readings.items():
        into.add(run_id, readings)
    into.problems |= more.problems
    into.is_complete = into.is_complete and more.is_complete
    return into
