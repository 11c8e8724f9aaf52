"""What is exercised: applications, and where each is deployed."""

from __future__ import annotations

from django.db import models

from exercises.models.accounts import AccountRegion
from exercises.models.base import Record
from exercises.models.people import Team


class Application(Record):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="applications")
    tier = models.PositiveSmallIntegerField(default=2)
    runbook_url = models.URLField(blank=True)
    dashboard_url = models.URLField(blank=True)
    slo_percent = models.FloatField(null=True, blank=True)
    rto_s = models.PositiveIntegerField(null=True, blank=True)
    rpo_s = models.PositiveIntegerField(null=True, blank=True)
    architecture_tags = models.JSONField(default=list, blank=True)
    badge_is_public = models.BooleanField(default=False, db_default=False)
    depends_on: models.ManyToManyField[Application, models.Model] = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="dependents"
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Deployment(Record):
    """An application in one account and Region: its probes and its stop alarms there.

    `tag_value` is the value of the AWS tag chaosplane:application on its resources.
    """

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="deployments"
    )
    place = models.ForeignKey(AccountRegion, on_delete=models.PROTECT, related_name="deployments")
    tag_value = models.CharField(max_length=120)
    alarm_arns = models.JSONField(default=list, blank=True)
    steady_state = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("application", "place"), name="one_deployment_a_place"),
        )

    def __str__(self) -> str:
        return f"{self.application} in {self.place}"
