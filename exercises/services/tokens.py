"""API tokens: issue, use, revoke. The token itself is shown once and never kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import ApiToken
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

SCOPES = ("read", "write", "stop", "incidents")
PREFIX = "cpl_"
MAX_DAYS = 366


def issue_token(*, actor: Actor, name: str, scopes: list[str], days: int) -> tuple[ApiToken, str]:
    """Create a token for the actor; return it with its secret, which nobody sees again."""
    authorize(actor, "token.issue")
    problems = []
    if not name.strip():
        problems.append(("name", "say what the token is for"))
    if not scopes or set(scopes) - set(SCOPES):
        problems.append(("scopes", f"one or more of {', '.join(SCOPES)}"))
    if not 1 <= days <= MAX_DAYS:
        problems.append(("days", f"between 1 and {MAX_DAYS} days"))
    if problems:
        raise Invalid.of(problems)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user_id=actor.person_id,
            name=name.strip(),
            prefix=secret[:10],
            digest=digest_of(secret),
            scopes=sorted(set(scopes)),
            expires_at=database_now() + timedelta(days=days),
        )
        record(actor, "token.issue", token, name=token.name, scopes=token.scopes)
    return token, secret


def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """End a token at once. Only its own user may."""
    if token.user_id != actor.user_id:
        raise NotAllowed("Only the person a token belongs to revokes it.")
    with transaction.atomic():
        if token.revoked_at is None:
            token.revoked_at = database_now()
            token.save(update_fields=["revoked_at"])
            record(actor, "token.revoke", token, name=token.name)


def digest_of(secret: str) -> str:
    """Tokens are 256 random bits, so a plain hash is enough to keep them by."""
    return hashlib.sha256(secret.encode()).hexdigest()
