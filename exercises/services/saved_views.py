"""Save a view of the findings under a name, share it with a team, remove it."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid, NotAllowed
from exercises.models import SavedView, Team, User
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.findings import Filters, filters_as_text
from exercises.services.audit import record

LONGEST_NAME: Final = 60
MOST_VIEWS: Final = 20


def save_view(*, actor: Actor, name: str, filters: Filters, team: Team | None = None) -> SavedView:
    """Keep these filters under a name; the same name again is the same view.

    Raises NotAllowed, Invalid (name; team, which must be one's own; the limit).
    """
    authorize(actor, "view.save")
    name = name.strip()
    problems = []
    if not 1 <= len(name) <= LONGEST_NAME:
        problems.append(("name", f"1 to {LONGEST_NAME} characters"))
    if team is not None and team.pk not in actor.team_roles:
        problems.append(("team", "share it with a team of your own"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.person_id)
        mine = SavedView.objects.filter(person=actor.person_id)
        if mine.exclude(name=name).count() >= MOST_VIEWS:
            raise Invalid("name", f"you have {MOST_VIEWS} views, the limit; remove one first")
        view, _ = SavedView.objects.update_or_create(
            person_id=actor.person_id,
            name=name,
            defaults={
                "team": team,
                "filters": filters_as_text(filters),
                "saved_at": database_now(),
            },
        )
        record(actor, "view.save", view, name=name, team=team.slug if team else "")
    return view


def remove_view(*, actor: Actor, view: SavedView) -> None:
    """Remove a view of one's own. Raises NotAllowed for those of others."""
    authorize(actor, "view.save")
    if view.person_id != actor.person_id:
        raise NotAllowed("Only who saved a view removes it.")
    with transaction.atomic():
        record(actor, "view.remove", view, name=view.name)
        view.delete()
