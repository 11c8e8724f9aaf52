"""An answer that proves by itself which installation gave it.

The API signs the answers that pipelines act on; `chaosplane verify` and anybody with an
Ed25519 library (RFC 8032) check them offline, over the RFC 8785 form of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.errors import Invalid
from exercises.domain.evidence_pack import fingerprint

ALGORITHM: Final = "Ed25519"
_NOT_AS_WRITTEN: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a reader found: the answer, the fingerprint of the key, whether the two fit."""

    answer: Mapping[str, Any]
    fingerprint: str
    is_whole: bool


def public_key_of(key: Ed25519PrivateKey) -> dict[str, str]:
    """The key as it is published: `key_id` is the fingerprint that evidence packs show, too."""
    public = key.public_key()
    return {
        "algorithm": ALGORITHM,
        "key_id": fingerprint(public),
        "public_key": public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
    }


def signed(answer: Mapping[str, object], key: Ed25519PrivateKey) -> dict[str, str]:
    """The signature that stands beside an answer. `answer` names its own type, so that no
    signature over one kind of answer is taken for another."""
    assert answer["type"], "an answer says what it is"
    return {**public_key_of(key), "value": key.sign(canonical_bytes(answer)).hex()}


def check(document: bytes, *, of: str) -> Checked:
    """Read `{<of>: answer, "signature": {…}}`. Raises Invalid for what has another shape."""
    try:
        read = json.loads(document)
        answer, signature = read[of], read["signature"]
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["public_key"]))
        body, value = canonical_bytes(answer), bytes.fromhex(signature["value"])
        is_known = signature["algorithm"] == ALGORITHM
        claimed = signature["key_id"]
    except _NOT_AS_WRITTEN:
        raise Invalid("document", f"is no signed {of}") from None
    if not is_known or not isinstance(answer, dict):
        raise Invalid("document", f"is no signed {of}")
    try:
        public.verify(value, body)
        is_whole = claimed == fingerprint(public)
    except InvalidSignature:
        is_whole = False
    return Checked(answer, fingerprint(public), is_whole)
