"""Signs of life that the sentinel reads, safety levers that are engaged, and restores."""

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


class Recovery(Record):
    """The database went back to an earlier time, seen by the sentinel. Nothing starts until a
    person has confirmed that what AWS knows was looked at."""

    detected_at = models.DateTimeField()
    because = models.CharField(max_length=500)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-detected_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(confirmed_at__isnull=True),
                name="one_open_recovery",
            ),
        )

    def __str__(self) -> str:
        return f"restore seen {self.detected_at:%Y-%m-%d %H:%M}"
