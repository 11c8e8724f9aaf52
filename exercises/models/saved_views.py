"""A saved view: filters of the list of findings under a name, one's own or a team's."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.models.base import Record
from exercises.models.people import Team, User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, actor: Actor) -> SavedViewQuerySet:
        """One's own, and those that others shared with one's teams."""
        if actor.user_id is None or not actor.is_active:
            return self.none()
        return self.filter(Q(person=actor.user_id) | Q(team__in=list(actor.team_roles)))


class SavedView(Record):
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=("person", "name"), name="one_view_a_name_and_person"),
        )

    def __str__(self) -> str:
        return self.name
