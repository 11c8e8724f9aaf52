"""What a Chaos Toolkit document would do and when, and the experiment as it is handed to a run.

domain.timeline draws the steps; engines.toolkit hands over `runnable` and asks the account
about `touched`. Documents are read without raising: what is wrong with one is for
domain.toolkit_document to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exercises.domain.errors import Invalid
from exercises.domain.plans import JsonObject
from exercises.domain.toolkit_activities import resource_of
from exercises.domain.toolkit_document import activities_of
from exercises.domain.toolkit_functions import function
from exercises.domain.toolkit_loads import Run, file_of, read_run, words_of

_IN_SECONDS: Final = ("duration", "offset", "period")
"""Arguments of the CloudWatch probes that count seconds of the estate."""


@dataclass(frozen=True, slots=True)
class Step:
    """An activity on the planned timeline; its duration includes the pause that follows, for
    as long as which its effect is watched."""

    name: str
    called: str
    offset_s: int
    duration_s: int
    is_background: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """A resource that an action names. `amount` is how many of them, or with `is_percent`
    which part; 0 is the resource itself."""

    activity: str
    resource_type: str
    identity: tuple[str, ...]
    amount: int = 0
    is_percent: bool = False


def steps(definition: JsonObject) -> list[Step]:
    """The method in its order, from the first activity on."""
    found = []
    at = 0
    for activity in activities_of(definition, "method"):
        before, after = _pause(activity, "before"), _pause(activity, "after")
        run = load_of(activity["provider"], definition)
        duration = (run.seconds if run else 0) + after
        is_background = activity.get("background") is True
        name = str(activity.get("name", ""))
        found.append(Step(name, called(activity["provider"]), at + before, duration, is_background))
        if not is_background:
            at += before + duration
    return found


def called(provider: Mapping[str, Any]) -> str:
    """What an activity calls, for people."""
    match provider.get("type"):
        case "python":
            return f"{provider.get('module')}.{provider.get('func')}"
        case "http":
            return f"http {provider.get('method', 'GET')}"
        case _:
            return str(provider.get("path"))


def load_of(provider: Mapping[str, Any], definition: JsonObject) -> Run | None:
    """The load that a process activity puts on; None when it is none or cannot be read."""
    loads = definition.get("loads")
    if provider.get("type") != "process" or not isinstance(loads, Mapping):
        return None
    try:
        return read_run(provider.get("arguments"), frozenset(map(str, loads)))
    except Invalid:
        return None


def touched(definition: JsonObject) -> list[Touched]:
    """What the actions of the method name: resources of AWS, and hosts that are put under load."""
    found = []
    for activity in activities_of(definition, "method"):
        provider, name = activity["provider"], str(activity.get("name", ""))
        known = function(provider.get("module"), provider.get("func"))
        if known is not None and known.kind == "action" and known.resource:
            arguments = provider.get("arguments", {})
            percent = arguments.get("task_percent")
            amount = percent if percent is not None else arguments.get("task_count", 0)
            found.append(
                Touched(name, known.resource, resource_of(provider), amount, percent is not None)
            )
        run = load_of(provider, definition)
        if run is not None:
            loads = definition.get("loads")
            load = loads.get(run.load) if isinstance(loads, Mapping) else None
            host = str(load.get("host", "")) if isinstance(load, Mapping) else ""
            found.append(Touched(name, "host", (host,)))
        elif provider.get("type") == "http" and activity.get("type") == "action":
            found.append(Touched(name, "host", (str(provider.get("url")),)))
    return found


def origins(definition: JsonObject) -> list[str]:
    """Every address that its requests go to."""
    parts = ("probes", "method", "rollbacks")
    providers = [a["provider"] for part in parts for a in activities_of(definition, part)]
    urls = [str(p.get("url", "")) for p in providers if p.get("type") == "http"]
    loads = definition.get("loads")
    hosts = loads.values() if isinstance(loads, Mapping) else ()
    return urls + [str(load.get("host", "")) for load in hosts if isinstance(load, Mapping)]


def runnable(definition: JsonObject, *, region: str, speed: float) -> dict[str, Any]:
    """The experiment with every value filled in and nothing left to look up; planned seconds
    become those of the wall clock. A load is `locust` with the name of its file."""
    experiment = definition["experiment"]
    assert isinstance(experiment, Mapping)
    hypothesis = experiment.get("steady-state-hypothesis")
    body: dict[str, Any] = {
        "title": str(experiment.get("title", "")).replace("${", "$ {"),
        "description": str(experiment.get("description", "")),
        "configuration": {"aws_region": region},
        "method": _ready(definition, "method", speed),
        "rollbacks": _ready(definition, "rollbacks", speed),
    }
    probes = _ready(definition, "probes", speed)
    if isinstance(hypothesis, Mapping) and probes:
        body["steady-state-hypothesis"] = {
            "title": str(hypothesis.get("title", "")),
            "probes": probes,
        }
    return body


def strategy_of(definition: JsonObject) -> str:
    """When the experiment's own hypothesis is looked at."""
    experiment = definition.get("experiment")
    runtime = experiment.get("runtime", {}) if isinstance(experiment, Mapping) else {}
    return str(runtime.get("hypothesis", {}).get("strategy", "default"))


def _ready(definition: JsonObject, part: str, speed: float) -> list[dict[str, Any]]:
    found = []
    for number, activity in enumerate(activities_of(definition, part)):
        pauses = {key: seconds / speed for key, seconds in activity.get("pauses", {}).items()}
        provider = dict(activity["provider"])
        run = load_of(provider, definition)
        if run is not None:
            words = words_of(run, speed=speed)
            at_most = float(provider.get("timeout", run.seconds + 30))
            provider["arguments"] = [
                "-f",
                f"{file_of(run.load)}.py",
                *words,
                "--csv",
                f"load-{number}",
            ]
            provider["timeout"] = at_most / speed + 30
        elif provider.get("type") == "http":
            provider.setdefault("timeout", 30)
        elif str(provider.get("module", "")).startswith("chaosaws.cloudwatch"):
            provider["arguments"] = {
                key: max(1, round(value / speed)) if key in _IN_SECONDS and value else value
                for key, value in provider.get("arguments", {}).items()
            }
        ready = {**activity, "pauses": pauses, "provider": provider}
        found.append({key: value for key, value in ready.items() if key != "contributions"})
    return found


def _pause(activity: Mapping[str, Any], key: str) -> int:
    pauses = activity.get("pauses")
    seconds = pauses.get(key, 0) if isinstance(pauses, Mapping) else 0
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return int(seconds) if is_number and 0 <= seconds < 1e9 else 0


def rights_of(definition: JsonObject) -> list[str]:
    """The rights of IAM that its functions need, and no others."""
    found: set[str] = set()
    for part in ("probes", "method", "rollbacks"):
        for activity in activities_of(definition, part):
            known = function(activity["provider"].get("module"), activity["provider"].get("func"))
            found.update(known.rights if known else ())
    return sorted(found)
