"""Where a probe's values come from: the kinds, the fields of each, and where HTTP may lead.

Called by domain.steady_state, which reads probes, by probes.registry and by the form. A new
kind is a row of FIELDS, its problems here, and a source in exercises.probes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from exercises.domain.errors import Invalid
from exercises.domain.json_pointer import MAX_LENGTH, is_pointer
from exercises.domain.metric_math import ID, MAX_METRICS, read_expression

CLOUDWATCH: Final = "cloudwatch"
METRIC_MATH: Final = "metric_math"
ALARM: Final = "alarm"
HTTP: Final = "http"
PROMETHEUS: Final = "prometheus"
JUDGEMENT: Final = "judgement"
"""What a person sees and says: 1 is steady, 0 is not. Nothing is asked, so it has no source."""

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    CLOUDWATCH: frozenset({"namespace", "metric", "dimensions", "stat"}),
    METRIC_MATH: frozenset({"expression", "metrics"}),
    ALARM: frozenset({"alarm"}),
    HTTP: frozenset({"url", "reads", "pointer"}),
    PROMETHEUS: frozenset({"url", "query"}),
    JUDGEMENT: frozenset(),
}
"""The fields that belong to each kind and to no other."""

POLLED: Final = frozenset({ALARM, HTTP})
"""Kinds that say how it is and not how it was: read right before the start too, or there
would be nothing from before the fault."""

OUTSIDE: Final = frozenset({HTTP, PROMETHEUS})
"""Kinds that are asked beside AWS, at addresses of one's own."""

READS: Final = ("status", "latency_ms", "json")
"""What an HTTP probe reads of the answer."""

STATS: Final = ("Average", "Minimum", "Maximum", "Sum", "SampleCount")
_PERCENTILE: Final = re.compile(r"p(100|\d{1,2}(\.\d{1,2})?)")
ALARM_ARN: Final = re.compile(r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:.{1,255}")
"""CloudWatch API Reference, PutMetricAlarm: the ARN names the Region and account."""
MAX_URL: Final = 1000
MAX_QUERY: Final = 1000

_METRIC: Final = FIELDS[CLOUDWATCH] | {"id"}

Problems = list[tuple[str, str]]


def source_problems(row: Mapping[str, object]) -> Problems:
    """What is wrong with where a probe reads its values, as (field, problem)."""
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        return [("kind", f"must be one of {', '.join(FIELDS)}")]
    foreign = frozenset[str]().union(*FIELDS.values()) - FIELDS[kind]
    found = [(name, f"belongs to no {kind} probe") for name in sorted(foreign) if row.get(name, "")]
    return found + _PROBLEMS[kind](row)


def _cloudwatch_problems(row: Mapping[str, object]) -> Problems:
    found = [
        (name, "1 to 255 characters")
        for name in ("namespace", "metric")
        if not _is_text(row.get(name), 255)
    ]
    stat = row.get("stat")
    if stat not in STATS and not (isinstance(stat, str) and _PERCENTILE.fullmatch(stat)):
        found.append(("stat", f"one of {', '.join(STATS)} or a percentile such as p99"))
    dimensions = row.get("dimensions", {})
    if not (
        isinstance(dimensions, Mapping)
        and len(dimensions) <= 30
        and all(isinstance(v, str) and v for v in dimensions.values())
    ):
        found.append(("dimensions", "names and texts, at most 30 (CloudWatch's limit)"))
    return found


def _metric_math_problems(row: Mapping[str, object]) -> Problems:
    rows = row.get("metrics")
    if not isinstance(rows, list | tuple) or not 1 <= len(rows) <= MAX_METRICS:
        return [("metrics", f"a list of 1 to {MAX_METRICS} metrics")]
    found: Problems = []
    ids: list[str] = []
    for index, one in enumerate(rows):
        place = f"metrics[{index}]"
        if not isinstance(one, Mapping):
            found.append((place, "must be an object"))
            continue
        found += [(f"{place}.{name}", "is not known") for name in one if name not in _METRIC]
        found += [(f"{place}.{name}", text) for name, text in _cloudwatch_problems(one)]
        name = one.get("id")
        if not isinstance(name, str) or not ID.fullmatch(name):
            found.append(
                (f"{place}.id", "letters, digits and _, at most 40, the first in lower case")
            )
        elif name in ids:
            found.append((f"{place}.id", f"{name} is used twice"))
        else:
            ids.append(name)
    if found:
        return found
    try:
        read_expression(row.get("expression"), ids)
    except Invalid as error:
        return list(error.problems)
    return []


def _alarm_problems(row: Mapping[str, object]) -> Problems:
    arn = row.get("alarm")
    if isinstance(arn, str) and ALARM_ARN.fullmatch(arn):
        return []
    return [("alarm", "a CloudWatch alarm ARN: arn:aws:cloudwatch:…:alarm:<name>")]


def _http_problems(row: Mapping[str, object]) -> Problems:
    found = _url_problems(row.get("url"))
    reads, pointer = row.get("reads", "status"), row.get("pointer", "")
    if reads not in READS:
        found.append(("reads", f"one of {', '.join(READS)}"))
    if not isinstance(pointer, str) or not is_pointer(pointer):
        found.append(
            ("pointer", f"a JSON Pointer such as /queue/depth, at most {MAX_LENGTH} characters")
        )
    elif bool(pointer) != (reads == "json"):
        found.append(("pointer", "say where in the JSON the number is, and only for json"))
    return found


def _prometheus_problems(row: Mapping[str, object]) -> Problems:
    found = _url_problems(row.get("url"))
    if not _is_text(row.get("query"), MAX_QUERY):
        found.append(("query", f"a PromQL expression of 1 to {MAX_QUERY:,} characters"))
    return found


def _judgement_problems(row: Mapping[str, object]) -> Problems:
    found = []
    if row.get("low") != 1:
        found.append(("low", "1: steady is 1, not steady is 0"))
    if row.get("high") not in (None, 1):
        found.append(("high", "nothing, or 1: a judgement says no more than steady"))
    if row.get("scale", 1) != 1:
        found.append(("scale", "1: a judgement is steady or not"))
    return found


_PROBLEMS: Final[Mapping[str, Callable[[Mapping[str, object]], Problems]]] = {
    CLOUDWATCH: _cloudwatch_problems,
    METRIC_MATH: _metric_math_problems,
    ALARM: _alarm_problems,
    HTTP: _http_problems,
    PROMETHEUS: _prometheus_problems,
    JUDGEMENT: _judgement_problems,
}


def _url_problems(url: object) -> Problems:
    if not isinstance(url, str):
        return [("url", "an address such as https://shop.internal.example/health")]
    try:
        place_of(url)
    except Invalid as error:
        return [("url", text) for _, text in error.problems]
    return []


def _is_text(value: object, limit: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= limit


@dataclass(frozen=True, slots=True)
class Place:
    """A scheme, host and port: what an address leads to, and what the operator allows."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{host}" if is_usual else f"{self.scheme}://{host}:{self.port}"


_PORTS: Final = {"https": 443, "http": 80}


def place_of(url: str) -> Place:
    """Where an address leads. Raises Invalid that names url and why."""
    if not url or len(url) > MAX_URL:
        raise Invalid("url", f"1 to {MAX_URL:,} characters")
    if any(ord(letter) <= 32 or ord(letter) >= 127 for letter in url):
        raise Invalid("url", "without spaces, line breaks or letters beyond ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid("url", f"cannot be read: {error}") from error
    if parts.scheme not in _PORTS:
        raise Invalid("url", "starts with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise Invalid("url", "without a name and password in it")
    if not parts.hostname:
        raise Invalid("url", "names no host")
    if port == 0:
        raise Invalid("url", "names no port that can be reached")
    return Place(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])


def check_allowed(url: str, allowed: Collection[str]) -> Place:
    """Where an address leads, when the operator allows it. Raises Invalid."""
    place = place_of(url)
    if place not in {place_of(one) for one in allowed}:
        raise Invalid("url", f"{place} is not among CHAOSPLANE_PROBE_ORIGINS")
    return place
