"""The public keys of a CI, by OpenID Connect discovery: read at most once a minute, by one at a
time, and kept as the last good copy for a day. Called by services.ci_sign_in and ci_issuers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from django.db.models import Q

from exercises.channels.safe_fetch import Reach, fetch
from exercises.domain.errors import EngineError, Invalid
from exercises.models import OidcIssuer
from exercises.models.due_work import database_now

EVERY: Final = timedelta(hours=1)
AGAIN_AFTER: Final = timedelta(minutes=1)
TRUSTED_FOR: Final = timedelta(days=1)
MOST_KEYS: Final = 100
ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC"}
_KEPT: Final = ("kid", "kty", "alg", "use", "n", "e", "crv", "x", "y")
_KID: Final = re.compile(r"[\x21-\x7e]{1,300}")

Key = dict[str, str]


def keys_of(issuer: OidcIssuer, kid: str, *, reach: Reach | None = None) -> list[Key]:
    """The keys that are trusted now, read anew where they are old or this one is not among them.

    Raises EngineError when they cannot be read and no good copy is young enough.
    """
    now = database_now()
    is_old = issuer.keys_read_at is None or now - issuer.keys_read_at > EVERY
    if is_old or all(key["kid"] != kid for key in issuer.keys):
        read_keys(issuer, reach=reach)
    if issuer.keys_read_at is None or now - issuer.keys_read_at > TRUSTED_FOR:
        because = issuer.keys_problem or "they are being read at this moment"
        raise EngineError(
            f"The keys of {issuer.url} cannot be read: {because}. Try again in a minute.",
            outcome="none",
            retryable=True,
        )
    found: list[Key] = issuer.keys
    return found


def read_keys(issuer: OidcIssuer, *, reach: Reach | None = None) -> None:
    """Read them unless somebody tried within the last minute; what goes wrong is kept, too."""
    row = OidcIssuer.objects.filter(pk=issuer.pk)
    if _claimed(issuer):
        try:
            keys = _fetched(issuer.url, reach)
        except (Invalid, EngineError) as error:
            row.update(keys_problem=_words(error)[:300])
        else:
            row.update(keys=keys, keys_problem="", keys_read_at=database_now())
    try:
        issuer.refresh_from_db(fields=["keys", "keys_read_at", "keys_tried_at", "keys_problem"])
    except OidcIssuer.DoesNotExist:
        issuer.keys, issuer.keys_read_at = [], None
        issuer.keys_problem = "it was removed from here"


def _claimed(issuer: OidcIssuer) -> bool:
    now: datetime = database_now()
    free = Q(keys_tried_at=None) | Q(keys_tried_at__lte=now - AGAIN_AFTER)
    rows = OidcIssuer.objects.filter(free, pk=issuer.pk)
    return rows.update(keys_tried_at=now) == 1


def _fetched(url: str, reach: Reach | None) -> list[Key]:
    """Raises Invalid and EngineError."""
    about = _document(f"{url.rstrip('/')}/.well-known/openid-configuration", reach)
    if about.get("issuer") != url:
        raise Invalid("issuer", f"its discovery document is of {str(about.get('issuer'))[:100]!r}")
    where = about.get("jwks_uri")
    if not isinstance(where, str):
        raise Invalid("jwks_uri", "is missing in its discovery document")
    rows = _document(where, reach).get("keys")
    keys = [_public(row) for row in rows if is_usable(row)] if isinstance(rows, list) else []
    if not 1 <= len(keys) <= MOST_KEYS:
        names = " or ".join(ALGORITHMS)
        raise Invalid("jwks_uri", f"publishes {len(keys)} keys for {names}, not 1 to {MOST_KEYS}")
    return keys


def is_usable(row: object) -> bool:
    """Whether it is a public key to check RS256 or ES256 by: of RSA with 2048 bits or more, or on
    P-256."""
    if not isinstance(row, dict):
        return False
    kid = row.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        return False
    algorithm = next((a for a, kty in ALGORITHMS.items() if kty == row.get("kty")), None)
    if algorithm is None or row.get("alg", algorithm) != algorithm:
        return False
    if row.get("use", "sig") != "sig":
        return False
    try:
        read_key(_public(row), algorithm)
    except jwt.PyJWTError:
        return False
    return True


def read_key(row: Mapping[str, str], algorithm: str) -> jwt.PyJWK:
    """Raises jwt.PyJWTError for a key that does not go with the algorithm, or is too short."""
    if row.get("kty") != ALGORITHMS[algorithm] or row.get("crv", "P-256") != "P-256":
        raise jwt.InvalidKeyError("it is a key for another algorithm")
    key = jwt.PyJWK(dict(row), algorithm)
    if too_short := key.Algorithm.check_key_length(key.key):
        raise jwt.InvalidKeyError(too_short)
    return key


def _public(row: Mapping[str, Any]) -> Key:
    """What is needed of it, and never a private part."""
    return {name: row[name] for name in _KEPT if _is_plain(row.get(name))}


def _is_plain(value: object) -> bool:
    """What the database keeps as it came: jsonb takes no NUL."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _document(url: str, reach: Reach | None) -> dict[str, Any]:
    content = fetch(url, accept="application/json", reach=reach).content or b""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid("url", f"what stands at {url[:200]} is not JSON") from error
    if not isinstance(document, dict):
        raise Invalid("url", f"what stands at {url[:200]} is no JSON object")
    return document


def _words(error: Invalid | EngineError) -> str:
    if isinstance(error, Invalid):
        return "; ".join(problem for _, problem in error.problems)
    return str(error)
