"""How often a password may be tried: by e-mail and by address. Called by web.signin.

An attempt is written before the password is looked at, so that many at once are counted as
well. What is refused is not counted, so that nobody is kept out by those who go on trying.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor, Door
from exercises.domain.errors import Refusal, Refused
from exercises.models import SignInAttempt
from exercises.models.due_work import database_now
from exercises.services.audit import Personal, record

WITHIN: Final = timedelta(minutes=15)
MOST_OF_EMAIL: Final = 10
MOST_OF_ADDRESS: Final = 50
"""Behind one address there may be a whole office."""


def begin_attempt(*, email: str, address: str) -> SignInAttempt:
    """Count an attempt before it is made. Raises Refused when there were too many of late."""
    now = database_now()
    attempt = SignInAttempt.objects.create(email=email.lower(), address=address, at=now)
    of_late = SignInAttempt.objects.filter(at__gt=now - WITHIN)
    if (
        of_late.filter(email=attempt.email).count() > MOST_OF_EMAIL
        or of_late.filter(address=address).count() > MOST_OF_ADDRESS
    ):
        attempt.delete()
        raise Refused(
            Refusal(
                rule="sign_in.too_many",
                because="Too many attempts with a wrong password.",
                lifted_by=f"Wait {WITHIN.seconds // 60} minutes, then try again.",
            )
        )
    return attempt


def attempt_failed(attempt: SignInAttempt) -> None:
    """The password was wrong: the attempt goes on counting, and the audit trail says so."""
    nobody = Actor(
        user_id=None,
        name=attempt.email[:120],
        door=Door.PAGE,
        org_roles=frozenset(),
        team_roles={},
        is_active=False,
    )
    with transaction.atomic():
        SignInAttempt.objects.filter(at__lte=attempt.at - WITHIN).delete()
        record(
            nobody,
            "sign_in.failed",
            attempt,
            email=Personal(attempt.email),
            address=Personal(attempt.address),
        )


def attempt_succeeded(attempt: SignInAttempt) -> None:
    """The person is who they say: their earlier slips are forgotten."""
    SignInAttempt.objects.filter(email=attempt.email).delete()
