"""What the value of a parameter may be: FIS takes all of them as text.

Rules come from catalogue.json; templates are checked against them when they are made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.fis.durations import seconds


@dataclass(frozen=True, slots=True)
class Rule:
    """The kind of a parameter, its limits (durations as ISO 8601) and what it may be one of."""

    description: str
    kind: str
    least: float | str | None = None
    most: float | str | None = None
    values: Sequence[str] = ()

    def problem(self, text: str) -> str:
        """What is wrong with a value, to go behind the name; empty when nothing is."""
        match self.kind:
            case "duration":
                return self._duration(text)
            case "integer" | "number":
                return self._number(text)
            case "boolean":
                return "" if text in ("true", "false") else "must be true or false"
            case "json":
                return _json(text)
            case "list":
                return self._list(text)
        return self._one_of(text)

    def _duration(self, text: str) -> str:
        try:
            length = seconds(text)
        except ValueError as error:
            return f"is invalid: {error}"
        if not seconds(str(self.least)) <= length <= seconds(str(self.most)):
            return f"must be between {self.least} and {self.most}"
        return ""

    def _number(self, text: str) -> str:
        try:
            number = int(text) if self.kind == "integer" else float(text)
        except ValueError:
            return f"must be {'an integer' if self.kind == 'integer' else 'a number'}"
        least, most = float(self.least or 0), float(self.most or 0)
        return "" if least <= number <= most else f"must be between {least:g} and {most:g}"

    def _list(self, text: str) -> str:
        parts = [part.strip() for part in text.split(",")]
        if not all(parts):
            return "must be values separated by commas"
        if self.most is not None and len(parts) > float(self.most):
            return f"must have at most {self.most} values"
        return next(filter(None, map(self._one_of, parts)), "")

    def _one_of(self, text: str) -> str:
        if not self.values or text in self.values:
            return ""
        return f"must be one of {', '.join(self.values)}"


def _json(text: str) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        return "must be JSON"
    return "" if isinstance(document, dict) else "must be a JSON object"
