"""The engines by name: their words, and what is wrong with a document of each. Pure.

The one place that tells documents apart. A further engine is one more row of `KINDS` and one
more file that knows its documents. Called by the catalogue's services, queries and pages; what
can only be known with the database (the actions that accounts offer) comes as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from exercises.domain import lambda_documents, toolkit_document
from exercises.domain.errors import Invalid
from exercises.domain.lint_rules import Problem
from exercises.domain.plans import JsonObject
from exercises.domain.templates_lint import lint

FIS: Final = "fis"
LAMBDA_CONFIG: Final = "lambda_config"
TOOLKIT: Final = toolkit_document.NAME


@dataclass(frozen=True, slots=True)
class EngineKind:
    """`name` is what a plan carries, `document` what the engine takes, for people, and
    `on_stop` what Stop does about what the experiment changed.

    `marks` are the keys by which a file without a name is taken for one of this engine.
    """

    name: str
    words: str
    icon: str
    document: str
    on_stop: str
    marks: frozenset[str]
    problems: Callable[[JsonObject, bool], list[Problem]]


def _fis_problems(definition: JsonObject, production: bool) -> list[Problem]:
    return lint(definition, production=production)


def _lambda_problems(definition: JsonObject, production: bool) -> list[Problem]:
    return lambda_documents.document_problems(definition, production=production)


def _toolkit_problems(definition: JsonObject, production: bool) -> list[Problem]:
    return toolkit_document.lint(definition)


KINDS: Final[Mapping[str, EngineKind]] = {
    kind.name: kind
    for kind in (
        EngineKind(
            name=FIS,
            words="AWS FIS",
            icon="power",
            document="the body of CreateExperimentTemplate",
            on_stop="AWS FIS takes back what can be taken back",
            marks=frozenset({"actions", "targets"}),
            problems=_fis_problems,
        ),
        EngineKind(
            name=TOOLKIT,
            words="Chaos Toolkit",
            icon="flask",
            document="an experiment.json with its loads, deadline and stop conditions",
            on_stop="Its rollbacks run, whatever else fails",
            marks=frozenset({"experiment"}),
            problems=_toolkit_problems,
        ),
        EngineKind(
            name=LAMBDA_CONFIG,
            words="Lambda configuration",
            icon="fn",
            document="parameters of Systems Manager and the faults that functions read there",
            on_stop="What was there before is put back, unless it was changed since",
            marks=frozenset({"parameters", "duration"}),
            problems=_lambda_problems,
        ),
    )
}


def kind_of(engine: str) -> EngineKind:
    """The engine of this name. Raises Invalid for an unknown one."""
    kind = KINDS.get(engine)
    if kind is None:
        raise Invalid("engine", f"unknown, must be one of {', '.join(KINDS)}")
    return kind


def document_problems(engine: str, definition: JsonObject, *, production: bool) -> list[Problem]:
    """What is wrong with a document of this engine, in the order of the document."""
    return kind_of(engine).problems(definition, production)


def engine_of(document: JsonObject) -> str:
    """The engine that a document without a name is for, by its keys; FIS when in doubt, which
    says what is missing."""
    return next((k.name for k in KINDS.values() if k.marks <= document.keys()), FIS)
