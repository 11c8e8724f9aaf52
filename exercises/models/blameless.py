"""Blameless mode: whether findings, debriefs and reports name people, and who said so."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.people import User


class BlamelessSetting(AppendOnly):
    """The newest one counts; without any, people are named."""

    is_on = models.BooleanField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return "blameless" if self.is_on else "people are named"
