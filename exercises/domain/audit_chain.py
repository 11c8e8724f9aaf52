"""The chain of the audit trail: each entry's hash covers its content and the hash before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from exercises.domain.canonical_json import canonical_bytes

GENESIS: Final = "0" * 64
MARK: Final = "~"
"""How a mark begins. No name that is written down is taken for one: see `is_mark`."""
_MARK: Final = re.compile(r"~[0-9a-f]{64}")


def link(previous_hash: str, payload: Mapping[str, object]) -> str:
    """The hash of an entry that follows the entry with `previous_hash`."""
    return hashlib.sha256(previous_hash.encode() + b"\n" + canonical_bytes(payload)).hexdigest()


def mark_of(name: str, salt: str) -> str:
    """What the chain holds instead of a name. Without the salt it says nothing of it."""
    return MARK + hashlib.sha256(f"{salt}\n{name}".encode()).hexdigest()


def is_mark(text: object) -> bool:
    return isinstance(text, str) and _MARK.fullmatch(text) is not None
