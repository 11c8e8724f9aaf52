"""AWS accounts, and the Regions of each that are watched."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.utils import timezone

from exercises.domain.plans import AccountAccess
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.people import Team

ENVIRONMENTS = (
    ("dev", "Development"),
    ("pre-production", "Pre-production"),
    ("production", "Production"),
)


class CloudAccount(Record):
    """An AWS account and the roles by which we reach it: read, start and stop apart."""

    account_id = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=64, unique=True)
    environment = models.CharField(max_length=20, choices=ENVIRONMENTS)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT)
    read_role_arn = models.CharField(max_length=200)
    start_role_arn = models.CharField(max_length=200)
    stop_role_arn = models.CharField(max_length=200)
    fis_role_arn = models.CharField(max_length=200)
    external_id = models.CharField(max_length=64)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    def access(self, region: str) -> AccountAccess:
        return AccountAccess(
            account_id=self.account_id,
            region=region,
            read_role_arn=self.read_role_arn,
            start_role_arn=self.start_role_arn,
            stop_role_arn=self.stop_role_arn,
            external_id=self.external_id,
        )


class AccountRegion(DueWork):
    """One Region of one account: the unit of observation, watched when due.

    Watched from the moment it is registered, busy or not. `foreign` holds what runs there
    and is no run of ours, as the last look saw it: ref, status, and the run its tags name.
    """

    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="regions")
    region = models.CharField(max_length=32)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    az_ids = models.JSONField(default=dict)
    foreign = models.JSONField(default=list, blank=True)
    scanned_at = models.DateTimeField(null=True, blank=True)
    scan_problem = models.CharField(max_length=500, blank=True)
    is_blind = models.BooleanField(default=False)
    """Whether it was this account that could not be read, not a further one of an experiment."""
    heartbeat_alarm_arn = models.CharField(max_length=300, blank=True)
    """The alarm that stops experiments here when chaosplane itself falls silent."""
    event_queue_url = models.CharField(max_length=300, blank=True)
    """The queue that EventBridge tells of state changes here; without one, looks alone tell."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "region"), name="one_row_per_region"),
        )
        indexes = (models.Index(fields=("due_at",), name="region_due"),)

    def __str__(self) -> str:
        return f"{self.account.name} {self.region}"

    @property
    def access(self) -> AccountAccess:
        return self.account.access(self.region)


def further_places(own: AccountRegion, account_ids: Sequence[str]) -> list[AccountRegion]:
    """The same Region of these other accounts, in the order of their keys."""
    others = set(account_ids) - {own.account.account_id}
    if not others:
        return []
    found = AccountRegion.objects.filter(region=own.region, account__account_id__in=others)
    return list(found.select_related("account").order_by("pk"))
