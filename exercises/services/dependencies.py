"""Say which applications an application needs. No circles: a fault in one of a circle would be
a fault in each, and nobody could say where an effect comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.dependencies import circle
from exercises.domain.errors import Invalid
from exercises.models import Application
from exercises.permissions import authorize
from exercises.queries.conflicts import dependencies
from exercises.services.audit import record

MOST: Final = 50


def change_dependencies(
    *, actor: Actor, application: Application, depends_on: Sequence[Application]
) -> Application:
    """Write down all that the application depends on; what is not named is no longer needed.

    Raises NotAllowed, and Invalid (depends_on) for too many or for a circle, with the way of it.
    """
    authorize(actor, "application.register", application.team)
    wanted = {one.pk for one in depends_on}
    if len(wanted) > MOST:
        raise Invalid("depends_on", f"at most {MOST} applications, {len(wanted)} are given")
    with transaction.atomic():
        # All of them: two changes at once, each sound, could close a circle together.
        names = dict(
            Application.objects.select_for_update(no_key=True)
            .order_by("pk")
            .values_list("pk", "name")
        )
        way = circle(dependencies(), application.pk, wanted)
        if way:
            around = " → ".join(names[pk] for pk in way)
            raise Invalid("depends_on", f"this would be a circle: {around}")
        before = set(application.depends_on.values_list("pk", flat=True))
        application.depends_on.set(wanted)
        record(
            actor,
            "application.depend",
            application,
            before=sorted(names[pk] for pk in before),
            after=sorted(names[pk] for pk in wanted),
        )
    return application
