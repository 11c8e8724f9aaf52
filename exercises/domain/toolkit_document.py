"""A Chaos Toolkit experiment as a template's document: what it may hold, and its problems.

The document holds `experiment` (an experiment.json), `loads` (see domain.toolkit_loads),
`deadline` and `stopConditions` as FIS writes them. Whatever could run code of the author's, or
give the run more than its own credentials, is refused by name before anything is imported.
Called by domain.engine_documents and engines.toolkit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exercises.domain import lint_rules
from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.durations import iso_seconds
from exercises.domain.errors import Invalid
from exercises.domain.plans import JsonObject
from exercises.domain.toolkit_activities import (
    LASTS,
    activity_problems,
    length_problems,
    resolved,
    undo_problems,
)
from exercises.domain.toolkit_loads import load_problems

Problem = tuple[str, str]
Problems = Iterator[Problem]

NAME: Final = "chaostoolkit"
LONGEST_S: Final = 55 * 60
"""Role chaining ends a session after one hour (AWS IAM User Guide, "Role chaining"); what is
left is for taking the fault back."""
USUAL_DEADLINE: Final = "PT15M"
MOST_BYTES: Final = 200_000
MOST_ACTIVITIES: Final = 50
MOST_PROBES: Final = 20
_KEYS: Final = frozenset({"experiment", "loads", "deadline", "stopConditions"})
_EXPERIMENT: Final = frozenset(
    {
        "version",
        "title",
        "description",
        "tags",
        "contributions",
        "configuration",
        "steady-state-hypothesis",
        "method",
        "rollbacks",
        "runtime",
    }
)
_REFUSED: Final = {
    "secrets": "is not taken: a run has credentials of its own, and no others",
    "controls": "is not taken: a control is a program that runs beside the experiment",
    "extensions": "is not taken: leave it out",
    "dry": "is not taken: rehearse the experiment instead",
}
_RUNS: Final = frozenset(f"experiment.{key}" for key in ("secrets", "controls", "extensions"))
_OURS: Final = ("aws_profile_name", "aws_assume_role_arn", "aws_endpoint_url")
STRATEGIES: Final = (
    "default",
    "before-method-only",
    "after-method-only",
    "during-method-only",
    "continuously",
)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def is_experiment(document: object) -> bool:
    """Whether a file looks like an experiment.json: its three required keys."""
    return isinstance(document, Mapping) and {"title", "description", "method"} <= document.keys()


def from_experiment(experiment: JsonObject) -> dict[str, Any]:
    """The document of an experiment.json that was imported."""
    return {
        "experiment": dict(experiment),
        "loads": {},
        "deadline": USUAL_DEADLINE,
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
    }


def lint(definition: JsonObject) -> list[lint_rules.Problem]:
    """The same under the rules of the linter."""
    return [
        lint_rules.Problem(field, message, _rule(field, message))
        for field, message in problems_of(definition)
    ]


def _rule(field: str, message: str) -> str:
    if field.startswith("stopConditions"):
        return "CTK-STOP-001"
    if message.startswith(LASTS):
        return "CTK-UNDO-001"
    return "CTK-RUN-001" if ".provider" in field or field in _RUNS else "CTK-DOC-001"


def problems_of(definition: JsonObject) -> list[Problem]:
    """Everything wrong with a document whose placeholders are filled in; empty when sound."""
    size = len(canonical_bytes(definition))
    if size > MOST_BYTES:
        return [("definition", f"at most {MOST_BYTES:,} bytes; this is {size:,}")]
    return list(_problems(definition))


def configuration_of(experiment: JsonObject) -> dict[str, object]:
    """The values that `${name}` stands for; what is no plain value is a problem by itself."""
    found = experiment.get("configuration", {})
    return dict(found) if isinstance(found, Mapping) else {}


def activities_of(definition: JsonObject, part: str) -> list[Mapping[str, Any]]:
    """The activities of `method`, `rollbacks` or `probes` (the hypothesis), with their values
    filled in; those that cannot be read are left out."""
    experiment = definition.get("experiment")
    if not isinstance(experiment, Mapping):
        return []
    owner: object = experiment.get("steady-state-hypothesis") if part == "probes" else experiment
    entries = owner.get(part) if isinstance(owner, Mapping) else None
    values = configuration_of(experiment)
    return [
        {**entry, "provider": resolved(entry["provider"], values)}
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and isinstance(entry.get("provider"), Mapping)
    ]


def deadline_s(definition: JsonObject) -> int:
    """Planned seconds after which a run is ended; the usual ones when it says none."""
    return iso_seconds(str(definition.get("deadline", USUAL_DEADLINE)))


def _problems(definition: JsonObject) -> Problems:
    for key in sorted(definition.keys() - _KEYS):
        yield key, f"is no part of it: {', '.join(sorted(_KEYS))}"
    yield from _deadline(definition.get("deadline", USUAL_DEADLINE))
    yield from _stops(definition.get("stopConditions"))
    loads = definition.get("loads", {})
    yield from load_problems(loads)
    experiment = definition.get("experiment")
    if not isinstance(experiment, Mapping):
        yield "experiment", "an object: the content of an experiment.json"
        return
    yield from _texts(experiment)
    yield from _configuration(experiment.get("configuration", {}))
    yield from _runtime(experiment.get("runtime", {}))
    yield from _activities(definition, experiment)


def _deadline(text: object) -> Problems:
    try:
        seconds = iso_seconds(text) if isinstance(text, str) else 0
    except Invalid:
        seconds = 0
    if not 1 <= seconds <= LONGEST_S:
        yield "deadline", "a length such as PT15M, at most PT55M"


def _stops(conditions: object) -> Problems:
    if not isinstance(conditions, list) or not conditions:
        yield "stopConditions", "at least one alarm that stops it"
        return
    for index, entry in enumerate(conditions):
        is_alarm = isinstance(entry, Mapping) and entry.get("source") == "aws:cloudwatch:alarm"
        if not is_alarm or not str(entry.get("value", "")).startswith("arn:aws"):
            yield f"stopConditions[{index}]", "source aws:cloudwatch:alarm and the ARN as value"


def _texts(experiment: JsonObject) -> Problems:
    for key, most in (("title", 200), ("description", 2_000)):
        text = experiment.get(key)
        if not isinstance(text, str) or not 1 <= len(text) <= most:
            yield f"experiment.{key}", f"1 to {most:,} characters"
    for key in sorted(experiment.keys() - _EXPERIMENT):
        yield f"experiment.{key}", _REFUSED.get(key, "is no part of an experiment")


def _configuration(values: object) -> Problems:
    path = "experiment.configuration"
    if not isinstance(values, Mapping) or len(values) > 50:
        yield path, "an object of at most 50 values"
        return
    for name, value in values.items():
        if not _VARIABLE.fullmatch(str(name)):
            yield path, f"“{str(name)[:40]}”: letters, digits and underscores"
        elif name in _OURS:
            yield f"{path}.{name}", "is not taken: account and role are those of the deployment"
        elif not isinstance(value, str | int | float | bool) or "${" in str(value):
            yield (
                f"{path}.{name}",
                "a plain value: nothing is read from the environment, from files or by probes",
            )


def _runtime(runtime: object) -> Problems:
    path = "experiment.runtime"
    if not isinstance(runtime, Mapping) or runtime.keys() - {"hypothesis", "rollbacks"}:
        yield path, "an object with hypothesis and rollbacks"
        return
    for key, known in (("hypothesis", STRATEGIES), ("rollbacks", ("always",))):
        entry = runtime.get(key, {"strategy": known[0]})
        if not isinstance(entry, Mapping) or entry.get("strategy", known[0]) not in known:
            yield f"{path}.{key}.strategy", f"one of {', '.join(known)}"


def _activities(definition: JsonObject, experiment: JsonObject) -> Problems:
    hypothesis = experiment.get("steady-state-hypothesis", {"title": "-", "probes": []})
    if not isinstance(hypothesis, Mapping) or hypothesis.keys() - {"title", "probes"}:
        yield "experiment.steady-state-hypothesis", "an object with title and probes"
        hypothesis = {}
    parts: Sequence[tuple[str, str, object, int]] = (
        ("steady-state-hypothesis.probes", "probes", hypothesis.get("probes", []), MOST_PROBES),
        ("method", "method", experiment.get("method"), MOST_ACTIVITIES),
        ("rollbacks", "rollbacks", experiment.get("rollbacks", []), MOST_PROBES),
    )
    names: set[str] = set()
    for where, part, entries, most in parts:
        path = f"experiment.{where}"
        if not isinstance(entries, list) or len(entries) > most:
            yield path, f"a list of at most {most} activities"
            continue
        for index, entry in enumerate(entries):
            yield from _activity(f"{path}[{index}]", part, entry, definition, names)
    if experiment.get("method") == []:
        yield "experiment.method", "at least one activity: else nothing is tried"
    rollbacks = activities_of(definition, "rollbacks")
    yield from length_problems(rollbacks)
    yield from undo_problems(activities_of(definition, "method"), rollbacks)


def _activity(
    path: str, part: str, entry: object, definition: JsonObject, names: set[str]
) -> Problems:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("provider"), Mapping):
        yield path, "an object with type, name and provider"
        return
    name = entry.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        yield f"{path}.name", "1 to 100 characters"
    elif name in names:
        yield f"{path}.name", f"“{name}” is there twice: the log could not tell them apart"
    else:
        names.add(name)
    experiment = definition["experiment"]
    assert isinstance(experiment, Mapping)
    loads = definition.get("loads", {})
    yield from activity_problems(
        path,
        entry,
        part=part,
        values=configuration_of(experiment),
        loads=frozenset(loads) if isinstance(loads, Mapping) else frozenset(),
    )
