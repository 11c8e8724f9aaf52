"""Packs for the tests of verification, and every way to alter one."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exercises.domain.audit_chain import GENESIS, link
from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.evidence_pack import document, pack

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def small_pack(rng: random.Random, key: Ed25519PrivateKey = KEY) -> bytes:
    """A pack with a file of each kind, its content from the generator."""
    plan = {"engine": "fis", "target_cap": rng.randrange(100), "hypothesis": _words(rng)}
    digest = hashlib.sha256(canonical_bytes(plan)).hexdigest()
    files = {
        "README.txt": _words(rng).encode(),
        "plans/EXP-1-1.json": document({"plan": plan, "digest": digest}),
        "decisions.json": document([{"digest": digest, "verdict": "approve"}]),
        "audit.json": document({"entries": list(_entries(rng))}),
        f"samples/{rng.randrange(1000)}.csv": _words(rng).encode(),
    }
    return pack(files, subject="2026-11", key=key)


def _entries(rng: random.Random) -> Iterator[dict[str, object]]:
    before = GENESIS
    for seq in range(1, rng.randrange(2, 5)):
        payload: dict[str, object] = {"seq": seq, "action": "run.start", "details": _words(rng)}
        after = link(before, payload)
        yield {**payload, "previous_hash": before, "hash": after}
        before = after


def _words(rng: random.Random) -> str:
    return " ".join(rng.choice(("broker", "quorum", "zone", "stop")) for _ in range(12))


def spans(data: bytes) -> dict[str, tuple[int, int]]:
    """Every part of a pack by name, as the half-open range of its bytes.

    The layout is that of PKWARE's APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
    """
    found, at = {}, 0
    while data[at : at + 4] == b"PK\x03\x04":
        size, name_size, extra = struct.unpack("<I4xHH", data[at + 18 : at + 30])
        name = data[at + 30 : at + 30 + name_size].decode()
        body = at + 30 + name_size + extra
        found[f"header of {name}"] = (at, body)
        found[name] = (body, body + size)
        at = body + size
    found["directory"] = (at, len(data) - 22)
    found["end"] = (len(data) - 22, len(data))
    return found


def flipped(data: bytes, at: int, rng: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]
