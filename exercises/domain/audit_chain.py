"""The chain of the audit trail: each entry's hash covers its content and the hash before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from exercises.domain.canonical_json import canonical_bytes

GENESIS: Final = "0" * 64


def link(previous_hash: str, payload: Mapping[str, object]) -> str:
    """The hash of an entry that follows the entry with `previous_hash`."""
    return hashlib.sha256(previous_hash.encode() + b"\n" + canonical_bytes(payload)).hexdigest()


def first_broken(entries: Iterable[tuple[str, Mapping[str, object], str]]) -> int | None:
    """Index of the first (previous hash, payload, hash) that does not fit; None when all do."""
    previous = GENESIS
    for index, (claimed_previous, payload, claimed) in enumerate(entries):
        if claimed_previous != previous or link(previous, payload) != claimed:
            return index
        previous = claimed
    return None
