"""Calendar feeds: an address a calendar programme reads without signing in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.models.base import Record
from exercises.models.people import Team, User

WHAT = (
    ("person", "What concerns my teams"),
    ("team", "One team"),
    ("organisation", "Everything I see"),
)


class CalendarFeed(Record):
    """Shows what its user may see at the moment it is fetched, and nothing after it is revoked.

    `prefix` is the readable start of the secret; `digest` is SHA-256 of the whole of it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_feeds")
    what = models.CharField(max_length=12, choices=WHAT)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(what="team", team__isnull=False)
                | (~Q(what="team") & Q(team__isnull=True)),
                name="a_team_feed_names_its_team",
            ),
        )
