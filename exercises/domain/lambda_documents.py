"""The documents of the Lambda configuration engine: which parameters hold which faults. Pure.

    {"description": "…", "duration": "PT10M",
     "parameters": [{"name": "/shop/search/chaos", "format": "chaos_lambda",
                     "faults": [{"kind": "latency", "delay_ms": 400, "percent": 50}]}],
     "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "arn:…"}]}

All parameters are set together and put back together: one duration, one lease. Called by
domain.engine_documents, domain.timeline and engines.lambda_config.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exercises.domain.durations import iso_seconds
from exercises.domain.errors import Invalid
from exercises.domain.lambda_config import EFFECT_LAG_S, Fault, Format, entry_of, fault_of
from exercises.domain.lambda_formats import format_of, read, write
from exercises.domain.lint_rules import Problem
from exercises.domain.plans import JsonObject
from exercises.domain.templates_lint import MAX_DESCRIPTION, stop_condition_problems

MAX_PARAMETERS: Final = 10
"""As many as one GetParameters reads (AWS Systems Manager API Reference)."""
LEAST_S: Final = 2 * EFFECT_LAG_S
MOST_S: Final = 12 * 3600
KEYS: Final = frozenset({"description", "duration", "parameters", "stopConditions"})

# AWS Systems Manager User Guide, "Requirements and constraints for parameter names"; ours lie
# below /chaosplane/.
_NAME: Final = re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}")
_RESERVED: Final = re.compile(r"/?(aws|ssm|chaosplane)", re.IGNORECASE)
_LONGEST_NAME: Final = 500
_LONGEST_NAMES: Final = 1_000
"""Together: the permission to set them is one session policy (AWS STS, AssumeRole, Policy)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter and what it is set to."""

    name: str
    format: Format
    faults: tuple[Fault, ...]

    @property
    def value(self) -> str:
        return write(self.format, self.faults)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole document, read."""

    duration_s: int
    settings: tuple[Setting, ...]


def configuration_of(definition: JsonObject) -> Configuration:
    """The document, typed. Raises Invalid that names every field at fault."""
    problems = [
        (problem.field, problem.message)
        for problem in document_problems(definition, production=False)
    ]
    if problems:
        raise Invalid.of(problems)
    given: Any = definition
    settings = tuple(_setting(entry) for entry in given["parameters"])
    return Configuration(iso_seconds(given["duration"]), settings)


def document_problems(definition: JsonObject, *, production: bool) -> list[Problem]:
    """Every mistake, in the order of the document; empty when it is sound."""
    return [
        *_keys(definition),
        *_duration(definition.get("duration")),
        *_parameters(definition.get("parameters")),
        *stop_condition_problems(definition.get("stopConditions"), production=production),
    ]


def _keys(definition: JsonObject) -> Iterator[Problem]:
    for key in sorted(KEYS - definition.keys()):
        yield Problem(key, "is missing", "LAMBDA-004")
    for key in sorted(map(str, definition.keys() - KEYS)):
        yield Problem(key, "is no key of a Lambda configuration", "LAMBDA-004")
    text = definition.get("description", "-")
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_DESCRIPTION:
        yield Problem("description", f"1 to {MAX_DESCRIPTION} characters", "LAMBDA-004")


def _duration(given: object) -> Iterator[Problem]:
    if given is None:
        return
    try:
        seconds = iso_seconds(given) if isinstance(given, str) else 0
    except Invalid:
        seconds = 0
    if not LEAST_S <= seconds <= MOST_S:
        said = f"from PT{LEAST_S // 60}M to PT{MOST_S // 3600}H: functions hear of it a minute late"
        yield Problem("duration", said, "LAMBDA-005")


def _parameters(given: object) -> Iterator[Problem]:
    if given is None:
        return
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_PARAMETERS:
        yield Problem("parameters", f"a list of 1 to {MAX_PARAMETERS} parameters", "LAMBDA-004")
        return
    names = [str(entry.get("name")) for entry in given if isinstance(entry, Mapping)]
    if sum(map(len, names)) > _LONGEST_NAMES:
        said = f"names of at most {_LONGEST_NAMES:,} characters together"
        yield Problem("parameters", said, "LAMBDA-005")
    for index, entry in enumerate(given):
        path = f"parameters[{index}]"
        if not isinstance(entry, Mapping) or entry.keys() != {"name", "format", "faults"}:
            yield Problem(path, "an object of name, format and faults", "LAMBDA-004")
            continue
        if names.count(str(entry["name"])) > 1:
            yield Problem(f"{path}.name", "is there twice", "LAMBDA-004")
        yield from _entry(path, entry)


def _entry(path: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    name, form = entry["name"], entry["format"]
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        said = (
            f"letters, digits and . - _ in parts divided by /, at most {_LONGEST_NAME} characters"
        )
        yield Problem(f"{path}.name", said, "LAMBDA-005")
    elif _RESERVED.match(name):
        yield Problem(f"{path}.name", "not of aws, ssm or chaosplane itself", "LAMBDA-005")
    if form not in [each.value for each in Format]:
        yield Problem(f"{path}.format", f"one of {', '.join(Format)}", "LAMBDA-005")
    if not isinstance(entry["faults"], list) or not entry["faults"]:
        yield Problem(f"{path}.faults", "a list of at least one fault", "LAMBDA-004")
        return
    faults, problems = _faults(entry["faults"])
    for field, message in problems:
        yield Problem(f"{path}.{field}", message, "LAMBDA-005")
    if not problems and form in [each.value for each in Format]:
        try:
            write(Format(form), faults)
        except Invalid as error:
            for field, message in error.problems:
                yield Problem(f"{path}.{field}", message, "LAMBDA-006")


def _faults(given: list[Any]) -> tuple[list[Fault], list[tuple[str, str]]]:
    faults: list[Fault] = []
    problems: list[tuple[str, str]] = []
    for index, entry in enumerate(given):
        try:
            faults.append(fault_of(entry if isinstance(entry, Mapping) else {}))
        except Invalid as error:
            problems += [(f"faults[{index}].{field}", text) for field, text in error.problems]
    return faults, problems


def _setting(entry: Mapping[str, Any]) -> Setting:
    return Setting(
        entry["name"], Format(entry["format"]), tuple(fault_of(each) for each in entry["faults"])
    )


def document_of_value(
    given: JsonObject,
) -> tuple[dict[str, object], list[dict[str, object]]] | None:
    """A document that sets what a parameter holds in one account, and what it asks for; None
    for what no library reads. Raises Invalid that names what of it is wrong."""
    form = format_of(given)
    if form is None:
        return None
    faults = read(form, json.dumps(given))
    if not faults:
        raise Invalid("file", f"this configuration of {form.words} is switched off")
    entry = {
        "name": "{{parameter}}",
        "format": form.value,
        "faults": [entry_of(fault) for fault in faults],
    }
    document: dict[str, object] = {
        "description": f"Faults for functions that use {form.words}",
        "duration": "PT{{minutes}}M",
        "parameters": [entry],
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}],
    }
    return document, list(_ASKED)


_ASKED: Final[tuple[dict[str, object], ...]] = (
    {
        "name": "parameter",
        "label": "Parameter that the functions read",
        "kind": "text",
        "required": True,
    },
    {
        "name": "minutes",
        "label": "Lasts",
        "kind": "minutes",
        "default": 10,
        "required": True,
        "minimum": LEAST_S // 60,
        "maximum": 60,
        "unit": "min",
    },
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a parameter will hold, letter for letter, and which library reads it."""

    name: str
    words: str
    value: str


def written(definition: JsonObject) -> tuple[Written, ...]:
    """What a document writes; nothing for one of another engine or one that is not sound."""
    if not definition.keys() >= {"parameters", "duration"}:
        return ()
    try:
        read = configuration_of(definition)
    except Invalid:  # what refuses it says so
        return ()
    return tuple(Written(each.name, each.format.words, each.value) for each in read.settings)
