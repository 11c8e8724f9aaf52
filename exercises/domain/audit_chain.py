"""The chain of the audit trail: each entry's hash covers its content and the hash before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from exercises.domain.canonical_json import canonical_bytes

GENESIS: Final = "0" * 64


def link(previous_hash: str, payload: Mapping[str, object]) -> str:
    """The hash of an entry that follows the entry with `previous_hash`."""
    return hashlib.sha256(previous_hash.encode() + b"\n" + canonical_bytes(payload)).hexdigest()
