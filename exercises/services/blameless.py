"""Switch blameless mode on and off. Used by its page and the API."""

from __future__ import annotations

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.models import BlamelessSetting
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record


def set_blameless(*, actor: Actor, is_on: bool) -> BlamelessSetting:
    """From now on people are named, or not, wherever something was learned. Raises NotAllowed."""
    authorize(actor, "blameless.set")
    with transaction.atomic():
        setting = BlamelessSetting.objects.create(
            is_on=is_on, set_by_id=actor.person_id, set_at=database_now()
        )
        record(actor, "blameless.set", setting, is_on=is_on)
    return setting
