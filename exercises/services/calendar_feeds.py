"""Calendar feeds: make one, use it, revoke it. The address is shown once and never kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import CalendarFeed, Team
from exercises.models.calendar_feeds import WHAT
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

PREFIX: Final = "cal_"
MOST: Final = 20
NOTE_USE_EVERY: Final = timedelta(hours=1)
"""Calendar programmes ask every few minutes; when one last did need not be exact."""


def create_feed(*, actor: Actor, what: str, team: Team | None = None) -> tuple[CalendarFeed, str]:
    """Make a feed of the actor; return it with its secret, which nobody sees again.

    Raises Invalid that names what or team, and NotAllowed.
    """
    authorize(actor, "feed.create")
    problems = []
    if what not in dict(WHAT):
        problems.append(("what", f"one of {', '.join(dict(WHAT))}"))
    if (what == "team") != (team is not None):
        problems.append(("team", "name a team for the feed of one team, and only then"))
    if CalendarFeed.objects.filter(user_id=actor.person_id, revoked_at=None).count() >= MOST:
        problems.append(("what", f"at most {MOST} feeds a person; revoke one first"))
    if problems:
        raise Invalid.of(problems)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        feed = CalendarFeed.objects.create(
            user_id=actor.person_id,
            what=what,
            team=team,
            prefix=secret[:10],
            digest=_digest(secret),
        )
        record(actor, "feed.create", feed, what=what, team=team.slug if team else "")
    return feed, secret


def revoke_feed(*, actor: Actor, feed: CalendarFeed) -> None:
    """End a feed at once. Only its own person may."""
    authorize(actor, "feed.create")
    if feed.user_id != actor.user_id:
        raise NotAllowed("Only the person a feed belongs to revokes it.")
    with transaction.atomic():
        now = database_now()
        if CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=now):
            record(actor, "feed.revoke", feed, what=feed.what)


def feed_of(secret: str) -> CalendarFeed | None:
    """The feed this secret opens, noted as used; None for any other, and for one of a person
    who has left."""
    feed = (
        CalendarFeed.objects.filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .select_related("user", "team")
        .first()
    )
    if feed is None:
        return None
    now = database_now()
    CalendarFeed.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - NOTE_USE_EVERY), pk=feed.pk
    ).update(last_used_at=now)
    return feed


def _digest(secret: str) -> str:
    """256 random bits need no more than a plain hash, as API tokens."""
    return hashlib.sha256(secret.encode()).hexdigest()
