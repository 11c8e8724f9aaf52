"""Numbers out of what others send: only what is one number, and finite.

Used by the sources that read JSON.
"""

from __future__ import annotations

import json
import math

from exercises.domain.errors import EngineError
from exercises.fetching import failed


def document(content: bytes) -> object:
    """The JSON of an answer. Raises EngineError for anything that is none."""
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise failed("what it sends is no JSON that can be read") from error


def number(value: object) -> float:
    """A JSON number, or the text that Prometheus sends for one. Raises EngineError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _not_one(value)
    try:
        found = float(value)
    except (ValueError, OverflowError) as error:
        raise _not_one(value) from error
    if not math.isfinite(found):
        raise _not_one(value)
    return found


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number in JSON")


def _not_one(value: object) -> EngineError:
    kind = "a value" if isinstance(value, int | float | str) else type(value).__name__
    return failed(f"it says {kind} that is no finite number")
