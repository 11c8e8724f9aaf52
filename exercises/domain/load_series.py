"""What Locust measured in a Chaos Toolkit run, out of the archive that is kept with it. Pure.

engines.toolkit_work notes a sample of each load about every 15 planned seconds. Read without
raising: an archive is as it was left. queries.loads is the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from exercises.domain.plans import JsonObject
from exercises.domain.toolkit_document import activities_of

MEASURES: Final = ("requests_s", "failures_s", "p50_ms", "p95_ms")


@dataclass(frozen=True, slots=True)
class LoadSample:
    """One look at what a load did; what was not measured yet is None."""

    at: datetime
    users: float | None
    requests_s: float | None
    failures_s: float | None
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class LoadSeries:
    """One load by the name of its activity."""

    name: str
    samples: tuple[LoadSample, ...]


def load_series(archive: JsonObject) -> list[LoadSeries]:
    """Each load of a run that was sampled, in the order of the method."""
    events = archive.get("events")
    samples: dict[int, list[LoadSample]] = {}
    for event in events if isinstance(events, list) else ():
        if isinstance(event, Mapping) and event.get("kind") == "load":
            sample, number = _sample(event), event.get("activity")
            if sample is not None and isinstance(number, int):
                samples.setdefault(number, []).append(sample)
    names = _names(archive.get("experiment"))
    return [
        LoadSeries(names.get(number, f"Activity {number + 1}"), tuple(found))
        for number, found in sorted(samples.items())
    ]


def _names(definition: object) -> dict[int, str]:
    method: Sequence[Mapping[str, Any]] = (
        activities_of(definition, "method") if isinstance(definition, Mapping) else ()
    )
    return {number: str(activity.get("name", "")) for number, activity in enumerate(method)}


def _sample(event: Mapping[str, Any]) -> LoadSample | None:
    try:
        at = datetime.fromisoformat(str(event.get("at")))
    except ValueError:
        return None
    read = {key: _number(event.get(key)) for key in ("users", *MEASURES)}
    return LoadSample(at=at, **read)


def _number(value: object) -> float | None:
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return float(str(value)) if is_one else None
