"""The reports that leave by mail, as who asks may see them, and how the last ones arrived."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.notices import Topic
from exercises.models import Delivery, ReportSubscription, User
from exercises.permissions import may

LATEST = 20


def subscriptions_of(actor: Actor) -> QuerySet[ReportSubscription]:
    """Those that are not ended: one's own and those one gets; a programme lead sees all."""
    rows = ReportSubscription.objects.filter(ended_at__isnull=True)
    if not may(actor, "report.see_mails"):
        mine = Q(owner=actor.user_id) | Q(
            pk__in=ReportSubscription.recipients.through.objects.filter(user=actor.user_id).values(
                "reportsubscription"
            )
        )
        rows = rows.filter(mine)
    return (
        rows.select_related("owner")
        .prefetch_related(Prefetch("recipients", User.objects.order_by("name", "pk")))
        .order_by("pk")
    )


def deliveries_of_reports(actor: Actor) -> QuerySet[Delivery]:
    """The latest first: one's own, all for a programme lead."""
    rows = Delivery.objects.filter(announcement__topic=Topic.REPORT.value)
    if not may(actor, "report.see_mails"):
        rows = rows.filter(channel__person=actor.user_id)
    return rows.select_related("announcement", "channel__person").order_by("-not_before", "-pk")
