"""The endpoints that somebody manages, and what was sent to them. Pages and the API read it."""

from __future__ import annotations

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from exercises.domain.actors import Actor
from exercises.models import WebhookDelivery, WebhookEndpoint


def managed_endpoints(actor: Actor) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.managed_by(actor).select_related("team")


def listed_endpoints(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """With how many events wait, how many were not delivered, and when the last one was."""
    newest = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), sent_at__isnull=False)
    return managed_endpoints(actor).annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state="waiting")),
        failed=Count("deliveries", filter=Q(deliveries__state="failed")),
        last_sent_at=Subquery(newest.order_by("-sent_at").values("sent_at")[:1]),
    )


def deliveries_of(actor: Actor) -> QuerySet[WebhookDelivery]:
    """The log of what this person manages, newest first."""
    return WebhookDelivery.objects.filter(
        endpoint__in=WebhookEndpoint.objects.managed_by(actor)
    ).select_related("event", "endpoint__team")
