"""Say whether everybody may see the badge of an application: its team's word."""

from __future__ import annotations

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.models import Application
from exercises.permissions import authorize
from exercises.services.audit import record


def show_badge(*, actor: Actor, application: Application, is_public: bool) -> Application:
    """Public: anybody who knows its address sees fresh, stale or failed. Raises NotAllowed."""
    authorize(actor, "application.badge", application)
    with transaction.atomic():
        locked = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        if locked.badge_is_public != is_public:
            locked.badge_is_public = is_public
            locked.save(update_fields=["badge_is_public"])
            record(actor, "application.badge", locked, is_public=is_public)
    return locked
