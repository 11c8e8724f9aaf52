"""API tokens: issue, use, revoke. The token itself is shown once and never kept.

A person's token acts as that person; a team's as the service of the team, its machine identity,
which an owner of the team lets act and suspends.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, NotAllowed
from exercises.models import ApiToken, Team, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

SCOPES = ("read", "write", "stop", "incidents")
OF_A_TEAM = ("read", "write", "stop")
PREFIX = "cpl_"
MAX_DAYS = 366
MOST_OF_A_TEAM = 20


def issue_token(
    *, actor: Actor, name: str, scopes: list[str], days: int, team: Team | None = None
) -> tuple[ApiToken, str]:
    """Create a token for the actor, or for the service of a team; return it with its secret,
    which nobody sees again.

    A token that asks for another one gives no more scopes than it has, and for no longer.
    Raises NotAllowed, Invalid, Conflict (the service is suspended).
    """
    if team is None:
        authorize(actor, "token.issue")
    else:
        authorize(actor, "service.issue", team)
    now = database_now()
    expires_at = _checked(actor, name, scopes, days, now=now, is_of_team=team is not None)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        user_id = actor.person_id if team is None else _acting_service(team).pk
        token = ApiToken.objects.create(
            user_id=user_id,
            name=name.strip(),
            prefix=secret[:10],
            digest=digest_of(secret),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
            issued_by_id=None if team is None else actor.person_id,
        )
        of_team = {} if team is None else {"team": team.slug}
        record(actor, "token.issue", token, name=token.name, scopes=token.scopes, **of_team)
    return token, secret


def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """End a token at once: a person's by that person, a team's by any owner or a lead."""
    if token.user.service_of is not None:
        authorize(actor, "service.end", token.user.service_of)
    else:
        authorize(actor, "token.issue")
        if token.user_id != actor.user_id:
            raise NotAllowed("Only the person a token belongs to revokes it.")
    with transaction.atomic():
        locked = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
        if locked.revoked_at is None:
            token.revoked_at = locked.revoked_at = database_now()
            locked.save(update_fields=["revoked_at"])
            record(actor, "token.revoke", locked, name=locked.name)


def suspend_service(*, actor: Actor, team: Team) -> None:
    """Nothing acts for the team by itself from now on: its tokens end, and none is made."""
    authorize(actor, "service.end", team)
    with transaction.atomic():
        service = _locked_service(team)
        if service.is_active:
            service.is_active = False
            service.save(update_fields=["is_active"])
            live = ApiToken.objects.filter(user=service, revoked_at=None)
            ended = live.update(revoked_at=database_now())
            record(actor, "service.suspend", team, tokens_ended=ended)


def resume_service(*, actor: Actor, team: Team) -> None:
    """Let the service of the team act again. The tokens it had stay ended."""
    authorize(actor, "service.resume", team)
    with transaction.atomic():
        service = _locked_service(team)
        if not service.is_active:
            service.is_active = True
            service.save(update_fields=["is_active"])
            record(actor, "service.resume", team)


def digest_of(secret: str) -> str:
    """Tokens are 256 random bits, so a plain hash is enough to keep them by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checked(
    actor: Actor, name: str, scopes: list[str], days: int, *, now: datetime, is_of_team: bool
) -> datetime:
    """When it ends. Raises Invalid with everything that is wrong."""
    problems = []
    known = OF_A_TEAM if is_of_team else SCOPES
    if not name.strip():
        problems.append(("name", "say what the token is for"))
    if not scopes or set(scopes) - set(known):
        problems.append(("scopes", f"one or more of {', '.join(known)}"))
    elif actor.scopes is not None and set(scopes) - actor.scopes:
        problems.append(("scopes", f"this token gives {', '.join(sorted(actor.scopes))} at most"))
    if not 1 <= days <= MAX_DAYS:
        problems.append(("days", f"between 1 and {MAX_DAYS} days"))
        raise Invalid.of(problems)
    expires_at = now + timedelta(days=days)
    if actor.until is not None and expires_at > actor.until:
        problems.append(("days", f"this token ends itself on {actor.until:%Y-%m-%d %H:%M} UTC"))
    if problems:
        raise Invalid.of(problems)
    return expires_at


def _locked_service(team: Team) -> User:
    service = User.accounts.service_of(team)
    return User.accounts.select_for_update(no_key=True).get(pk=service.pk)


def _acting_service(team: Team) -> User:
    """The service, unless it is suspended or has tokens enough."""
    service = _locked_service(team)
    if not service.is_active:
        raise Conflict(f"The service of {team.name} is suspended: let it act again first.")
    live = ApiToken.objects.filter(user=service, revoked_at=None, expires_at__gt=database_now())
    if live.count() >= MOST_OF_A_TEAM:
        raise Invalid("name", f"a team has {MOST_OF_A_TEAM} tokens at most; revoke one")
    return service
