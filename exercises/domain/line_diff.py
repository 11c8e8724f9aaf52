"""What differs between two documents line by line, as readers of code know it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Final

AROUND: Final = 3
"""Lines shown before and after a change that are the same."""


def line_diff(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """A unified diff of both as sorted JSON; empty when they are the same."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=AROUND, lineterm="")
    # The two lines of file names at the top say nothing here.
    return "\n".join(list(lines)[2:])


def _lines(document: Mapping[str, object]) -> list[str]:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
