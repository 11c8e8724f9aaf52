"""The last answer to: can this role of an AWS account be assumed, and does it do its part?"""

from __future__ import annotations

from django.db import models

from exercises.models.accounts import CloudAccount
from exercises.models.base import Record


class RoleCheck(Record):
    """One role of an account, looked at in one Region, with the age of the answer."""

    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="role_checks")
    purpose = models.CharField(max_length=10)
    is_ok = models.BooleanField()
    message = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ("account", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "purpose"), name="one_answer_per_role_of_an_account"
            ),
        )
