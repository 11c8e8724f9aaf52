"""JSON Pointer (RFC 6901): one value inside a document. Used by HTTP probes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MAX_LENGTH: Final = 200
_POINTER: Final = re.compile(r"(/([^~/]|~[01])*)*")
_INDEX: Final = re.compile(r"0|[1-9]\d{0,8}")


def is_pointer(text: str) -> bool:
    """Whether it can be read: empty for the whole document, else /names/and/0/indexes."""
    return len(text) <= MAX_LENGTH and _POINTER.fullmatch(text) is not None


def value_at(document: object, pointer: str) -> object:
    """The value a pointer leads to. Raises LookupError when there is none."""
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and _INDEX.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            raise LookupError(f"there is nothing at {pointer}")
    return found
