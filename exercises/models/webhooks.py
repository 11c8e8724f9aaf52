"""Webhooks out: who is called, with what, and how that went.

A WebhookEvent and a WebhookDelivery for each endpoint that asked for it are written in the
transaction of what happened (services.webhook_events). Endpoints are what is claimed, so that
one that does not answer occupies one worker; it is due while one of its deliveries is.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.models.base import Record
from exercises.models.due_work import DueWork
from exercises.models.people import Team, User


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def managed_by(self, actor: Actor) -> WebhookEndpointQuerySet:
        """Those of teams that the actor owns; a programme lead's are all of them."""
        there = self.filter(removed_at__isnull=True)
        if OrgRole.PROGRAMME_LEAD.value in actor.org_roles:
            return there
        owned = [pk for pk, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
        return there.filter(team__in=owned)

    def with_mail(self) -> WebhookEndpointQuerySet:
        """Those that are on and have something to send at this moment."""
        waiting = WebhookDelivery.objects.filter(
            endpoint=OuterRef("pk"), state="waiting", not_before__lte=Now()
        )
        return self.filter(Exists(waiting), is_active=True, removed_at__isnull=True)


class WebhookEndpoint(DueWork):
    """An address that is called. `due_at` is before when it is left alone after a failure.

    `secret` and `old_secret` are sealed; both sign until `old_secret_until`.
    """

    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="webhooks"
    )
    url = models.CharField(max_length=1000)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(default=list, blank=True)
    is_asked = models.BooleanField(default=False)
    """Before each start; what it says then is a StartAnswer."""
    is_active = models.BooleanField(default=True)
    secret = models.TextField()
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    switched_off_because = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("due_at",),
                name="webhook_due",
                condition=Q(is_active=True, removed_at__isnull=True),
            ),
            GinIndex(fields=("events",), name="webhook_events", opclasses=("jsonb_path_ops",)),
        )

    @property
    def host(self) -> str:
        """What may be shown of it where the whole address may not: paths can be keys."""
        return self.url.split("/")[2] if self.url.count("/") > 1 else self.url


class WebhookEvent(Record):
    """One event as it leaves; `document` is its CloudEvents envelope."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    happened_at = models.DateTimeField()
    document = models.JSONField()

    class Meta:
        ordering = ("-happened_at", "-id")
        indexes = (models.Index(fields=("happened_at",), name="webhook_event_at"),)


class WebhookDelivery(Record):
    """One event on its way to one endpoint, and the last answer to it."""

    STATES = (("waiting", "Waiting"), ("sent", "Delivered"), ("failed", "Not delivered"))

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries"
    )
    state = models.CharField(max_length=8, choices=STATES, default="waiting")
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("event", "endpoint"), name="one_delivery_an_event_and_endpoint"
            ),
        )
        indexes = (
            models.Index(fields=("endpoint", "-id"), name="webhook_log"),
            models.Index(
                fields=("endpoint", "not_before"),
                name="webhook_waiting",
                condition=Q(state="waiting"),
            ),
        )
