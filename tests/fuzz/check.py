"""What becomes of one document: read, checked and digested as publishing does, and timed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from exercises.domain.canonical_json import canonical_bytes, parse_strict
from exercises.domain.errors import Invalid
from exercises.domain.generators import build_definition
from exercises.domain.lint_rules import RULES
from exercises.domain.parameters import ParameterSpec, specs_from_json
from exercises.domain.risks_lint import Surroundings, risks
from exercises.domain.template_entry import FORMAT, content_digest, read_entry
from exercises.domain.templates_lint import lint
from exercises.domain.timeline import planned_actions, planned_duration_s
from exercises.queries.catalogue import EXAMPLE, example_values

LIMIT_S: Final = 0.2
MOST_BYTES: Final = 20_000_000
"""Another spelling of a document may be longer than what is taken."""

AROUND: Final = Surroundings(failure_family="az-power", architecture_tags=("ebs",), found={})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wrong` says what must not be. `took_s` is time of the processor and not of the clock,
    for what publishing does with a document and not for the comparisons here."""

    is_read: bool
    is_sound: bool
    took_s: float
    wrong: str = ""


def outcome_of(definition_text: str, parameters_text: str) -> Outcome:
    """Nothing but Invalid may come of a document, and one digest of its content."""
    is_read = is_sound = False
    wrong = ""
    began = time.process_time()
    try:
        definition = parse_strict(definition_text, field="definition")
        parameters = parse_strict(parameters_text, field="parameters")
        is_read = True
        is_sound = _published(definition, parameters)
    except Exception as error:
        wrong = _wrong(error)
    took = time.process_time() - began
    if is_read and not wrong:
        wrong = _wrong_with(definition, parameters)
    return Outcome(is_read, is_sound, took, wrong)


def _wrong(error: Exception) -> str:
    """Nothing when it is an Invalid that says what it is about."""
    if isinstance(error, Invalid) and error.problems and str(error):
        return ""
    return f"{type(error).__name__}: {error}"[:300]


def _published(definition: Any, parameters: Any) -> bool:
    """As services.catalogue reads a version; whether there is nothing wrong with it."""
    if not isinstance(definition, dict) or not isinstance(parameters, list):
        return False
    if not all(isinstance(parameter, dict) for parameter in parameters):
        return False
    specs = specs_from_json(parameters)
    _digest(definition, parameters)
    return not _checked(_filled(definition, specs))


def _wrong_with(definition: Any, parameters: Any) -> str:
    """What else may be asked of what was read: as it stands, as a file, in another spelling."""
    try:
        if isinstance(definition, dict):
            _checked(definition)
        _read_as_file(definition, parameters)
    except Exception as error:
        return _wrong(error)
    return _unstable(definition) or _unstable(parameters)


def _read_as_file(definition: Any, parameters: Any) -> None:
    read_entry({"format": FORMAT, "rung": 1, "definition": definition, "parameters": parameters})


def _filled(definition: dict[str, Any], specs: tuple[ParameterSpec, ...]) -> dict[str, Any]:
    built = build_definition(
        generator="", definition=definition, values=example_values(specs), context=EXAMPLE
    )
    return cast("dict[str, Any]", built)


def _checked(definition: Mapping[str, Any]) -> list[str]:
    """The errors; everything else that reads a document reads it here, too."""
    found = lint(definition, production=True)
    for problem in [*found, *risks(definition, AROUND)]:
        assert problem.rule_id in RULES
        assert problem.message
    planned_actions(definition)
    assert planned_duration_s(definition) >= 0
    return [problem.message for problem in found]


def _digest(definition: dict[str, Any], parameters: list[Any]) -> str:
    return content_digest(
        engine="fis",
        generator="",
        definition=definition,
        parameters=parameters,
        rung=1,
        hypothesis="",
    )


def _unstable(value: Any) -> str:
    """Why a document has two forms, and so two digests; empty when it has one."""
    form = canonical_bytes(value)
    spellings = (
        json.dumps(value, sort_keys=True, indent=3),
        json.dumps(_reversed(value), ensure_ascii=False),
    )
    for spelling in spellings:
        if canonical_bytes(parse_strict(spelling, max_bytes=MOST_BYTES)) != form:
            return "another form under another spelling"
    return ""


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(item) for name, item in reversed(value.items())}
    return [_reversed(item) for item in value] if isinstance(value, list) else value
