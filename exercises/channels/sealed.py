"""Addresses that are secrets, kept so that a copy of the database does not give them away."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from exercises.domain.errors import Invalid


def seal(text: str) -> str:
    """Encrypt with the installation's key."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises Invalid when the key was changed and its old one forgotten."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Invalid(
            "address", "sealed with a key that is gone: enter the address again"
        ) from None


def _keys() -> MultiFernet:
    known = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in known])


def _derived(key: str) -> bytes:
    """A key of its own for this purpose (NIST SP 800-108 in its simplest form)."""
    digest = hashlib.sha256(b"chaosplane.channels\x00" + key.encode()).digest()
    return base64.urlsafe_b64encode(digest)
