"""Set the objectives of an application: how available, back how soon, with how much data lost."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.objectives import objective_problems
from exercises.models import Application
from exercises.permissions import authorize
from exercises.services.audit import record

FIELDS: Final = ("slo_percent", "rto_s", "rpo_s")


def set_objectives(
    *,
    actor: Actor,
    application: Application,
    slo_percent: float | None,
    rto_s: int | None,
    rpo_s: int | None,
) -> Application:
    """Change all three; None takes one away. Raises NotAllowed, Invalid (every field at fault)."""
    authorize(actor, "application.register", application.team)
    problems = objective_problems(slo_percent=slo_percent, rto_s=rto_s, rpo_s=rpo_s)
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        before = {field: getattr(locked, field) for field in FIELDS}
        locked.slo_percent, locked.rto_s, locked.rpo_s = slo_percent, rto_s, rpo_s
        locked.save(update_fields=list(FIELDS))
        after = {field: getattr(locked, field) for field in FIELDS}
        record(actor, "application.objectives", locked, before=before, after=after)
    return locked
