"""Look whether the roles of an account are in place, and keep the answers with their age."""

from __future__ import annotations

from django.db import transaction

from exercises.aws.permissions_check import check_roles
from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict
from exercises.models import CloudAccount, RoleCheck
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

LONGEST_MESSAGE = 500


def check_account(*, actor: Actor, account: CloudAccount) -> list[RoleCheck]:
    """Assume each role in the first Region and ask what it must be able to ask.

    Changes nothing in the account. Raises NotAllowed, Conflict (no Region is registered).
    """
    authorize(actor, "account.check", account)
    place = account.regions.order_by("region").first()
    if place is None:
        raise Conflict("this account has no Region to look at")
    answers = check_roles(place.access)
    with transaction.atomic():
        now = database_now()
        for purpose, is_ok, message in answers:
            RoleCheck.objects.update_or_create(
                account=account,
                purpose=purpose,
                defaults={
                    "is_ok": is_ok,
                    "message": message[:LONGEST_MESSAGE],
                    "checked_at": now,
                },
            )
        record(actor, "account.check", account, answers={p: ok for p, ok, _ in answers})
    return list(account.role_checks.all())
