"""Hand out the evidence pack of an exercise, signed with the key of this installation."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from exercises.domain import evidence_pack
from exercises.domain.actors import Actor
from exercises.models import Exercise
from exercises.permissions import authorize
from exercises.queries.evidence_pack import EXPORT, files_of
from exercises.services.audit import record


def export_pack(*, actor: Actor, exercise: Exercise) -> bytes:
    """The ZIP. Raises NotAllowed; that it was handed out is in the audit trail."""
    authorize(actor, EXPORT, exercise)
    with transaction.atomic():
        data = evidence_pack.pack(files_of(exercise), subject=exercise.slug, key=signing_key())
        record(actor, EXPORT, exercise, bytes=len(data))
    return data


def signing_key() -> Ed25519PrivateKey:
    """The key of this installation, derived from its secret (RFC 5869): nothing more to
    keep, and a new secret is a new key."""
    seed = HKDF(SHA256(), 32, salt=None, info=b"chaosplane evidence pack 1").derive(
        settings.SECRET_KEY.encode()
    )
    return Ed25519PrivateKey.from_private_bytes(seed)


def own_fingerprint() -> str:
    """What `chaosplane verify` shows for packs of this installation."""
    return evidence_pack.fingerprint(signing_key().public_key())
