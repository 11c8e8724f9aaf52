"""Files beside a finding: that one was attached stays for good, its bytes can be taken away."""

from __future__ import annotations

from django.db import models

from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.findings import Finding
from exercises.models.people import User


class Attachment(AppendOnly):
    """What was attached, by whom, and the SHA-256 of its bytes."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.name


class AttachedBytes(Record):
    """The file itself. Its row goes when somebody takes it away: it may show personal data."""

    attachment = models.OneToOneField(
        Attachment, primary_key=True, on_delete=models.PROTECT, related_name="held"
    )
    content = models.BinaryField()
