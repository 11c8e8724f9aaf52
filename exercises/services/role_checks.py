"""Look whether the roles of an account are in place, and keep the answers with their age."""

from __future__ import annotations

import logging

from django.db import transaction

from exercises.aws.permissions_check import check_roles
from exercises.aws.zones import zone_ids
from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, EngineError
from exercises.models import CloudAccount, RoleCheck
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

LONGEST_MESSAGE = 500

log = logging.getLogger(__name__)


def check_account(*, actor: Actor, account: CloudAccount) -> list[RoleCheck]:
    """Assume each role in the first Region and ask what it must be able to ask.

    Changes nothing in the account. Which zone each name means there is read along, for every
    Region. Raises NotAllowed, Conflict (no Region is registered).
    """
    authorize(actor, "account.check", account)
    place = account.regions.order_by("region").first()
    if place is None:
        raise Conflict("this account has no Region to look at")
    answers = check_roles(place.access)
    zones = _zones(account)
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
        for known in account.regions.select_for_update(no_key=True).filter(pk__in=zones):
            known.az_ids = zones[known.pk]
            known.save(update_fields=["az_ids"])
        record(actor, "account.check", account, answers={p: ok for p, ok, _ in answers})
    return list(account.role_checks.all())


def _zones(account: CloudAccount) -> dict[int, dict[str, str]]:
    """The ids of the zones by their names in each Region that answers. What does not answer
    is left as it is known; the role to read says why itself."""
    found = {}
    for place in account.regions.order_by("region"):
        try:
            found[place.pk] = zone_ids(place.access)
        except EngineError as error:
            log.info("zones.not_read", extra={"place": str(place), "why": str(error)})
    return found
