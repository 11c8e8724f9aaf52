"""Signs of life that the sentinel reads, and safety levers that are engaged."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.models.accounts import AccountRegion
from exercises.models.base import Record
from exercises.models.people import User


class SignOfLife(Record):
    """When a part of the product was last seen at work."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class SafetyLever(Record):
    """A safety lever that was engaged, until two people have released it.

    `status` is what AWS said last; nothing starts there while the row is open.
    """

    place = models.ForeignKey(AccountRegion, on_delete=models.PROTECT, related_name="levers")
    status = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    engaged_at = models.DateTimeField()
    engaged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    engaged_by_name = models.CharField(max_length=120)
    release_asked_at = models.DateTimeField(null=True, blank=True)
    release_asked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-engaged_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("place",), condition=Q(released_at__isnull=True), name="one_open_lever"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True)
                | Q(released_by__isnull=False, release_asked_by__isnull=False)
                & ~Q(released_by=models.F("release_asked_by")),
                name="two_people_release_a_lever",
            ),
        )

    def __str__(self) -> str:
        return f"safety lever of {self.place}"
