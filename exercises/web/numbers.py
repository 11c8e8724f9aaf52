"""Whole numbers as a browser sends them. Called by views and forms before they look anything up."""

from __future__ import annotations

import re
from typing import Final

# The key of any row has room in these many digits, and int() is asked for no more.
LONGEST: Final = 18
_WHOLE: Final = re.compile(r"[0-9]+")


def whole(text: str, digits: int = LONGEST) -> int | None:
    """The number, 0 or more; None for anything else, and for more digits than wanted."""
    typed = text.strip()
    return int(typed) if len(typed) <= digits and _WHOLE.fullmatch(typed) else None
