"""The rules of the linter: what each is called, why it is there, and what to do about it.

`RULES`, from lint_rules.json, is the one registry. domain.templates_lint, risks_lint,
probes_lint and stop_alarms apply them; pages, the API and docs/teams/lint-rules.md explain
them. An id is for ever: it stands in people's scripts, so no other rule ever gets it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final


class Severity(StrEnum):
    """An error refuses a version and a proposal; a warning is shown to whoever decides."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """`says` is the rule in one sentence, `fix` what to do, `source` where it comes from."""

    id: str
    severity: Severity
    says: str
    fix: str
    source: str

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where a rule does not hold; `field` is its dotted place in the document."""

    field: str
    message: str
    rule_id: str

    @property
    def rule(self) -> Rule:
        return RULES[self.rule_id]

    @property
    def is_error(self) -> bool:
        return self.rule.is_error


def errors_of(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """What refuses, as (field, message)."""
    return [(problem.field, problem.message) for problem in problems if problem.is_error]


def _registry() -> dict[str, Rule]:
    text = (Path(__file__).parent / "lint_rules.json").read_text(encoding="utf-8")
    rules = [
        Rule(**{**entry, "severity": Severity(entry["severity"])}) for entry in json.loads(text)
    ]
    return {rule.id: rule for rule in rules}


RULES: Final[Mapping[str, Rule]] = MappingProxyType(_registry())
