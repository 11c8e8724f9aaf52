"""Remove what was kept long enough, class by class, once a day and a little at a time.

AWS FIS forgets an experiment after 120 days (AWS FIS User Guide, "Quotas"); chaosplane keeps
everything until somebody says for how long (settings CHAOSPLANE_KEEP_*_DAYS). Called by the
tick and by `manage.py retention`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from exercises.domain.exercise_phases import Phase
from exercises.domain.retention import Expired, Kept, limits
from exercises.models import Announcement, Run, Sample, SignOfLife, WebhookEvent
from exercises.models.due_work import database_now
from exercises.services.audit import record
from exercises.services.system import SYSTEM

BATCH: Final = 5_000
"""Rows of a class in one transaction, so that no tick takes long."""
_NAME: Final = "retention"
_EVERY: Final = timedelta(days=1)
_SOON: Final = timedelta(minutes=1)
_ENDED: Final = (Phase.CLOSED.value, Phase.CANCELLED.value)


def remove_when_due() -> int:
    """One batch a day; the next in a minute while there is more. Called by the tick."""
    days = kept_days()
    if not any(days.values()):
        return 0
    now = database_now()
    SignOfLife.objects.bulk_create(
        [SignOfLife(name=_NAME, at=now - 2 * _EVERY)], ignore_conflicts=True
    )
    mine = SignOfLife.objects.filter(name=_NAME, at__lte=now - _EVERY)
    if not mine.update(at=now):
        return 0
    removed = remove(now)
    if max(removed.values(), default=0) >= BATCH:
        SignOfLife.objects.filter(name=_NAME).update(at=now - _EVERY + _SOON)
    return sum(removed.values())


def expired(now: datetime) -> list[Expired]:
    """What would be removed now, without removing it."""
    return [
        Expired(kept, before, _ROWS[kept](before).count())
        for kept, before in limits(kept_days(), now).items()
    ]


def remove(now: datetime) -> dict[Kept, int]:
    """Remove a batch of each class; what was removed is in the audit trail."""
    removed = {}
    with transaction.atomic():
        for kept, before in limits(kept_days(), now).items():
            rows = _ROWS[kept](before)
            removed[kept] = _REMOVE[kept](rows, list(rows.values_list("pk", flat=True)[:BATCH]))
        life, _ = SignOfLife.objects.get_or_create(name=_NAME, defaults={"at": now})
        for kept, count in removed.items():
            if count:
                before = limits(kept_days(), now)[kept]
                record(SYSTEM, f"retention.{kept}", life, rows=count, before=before.isoformat())
    return removed


def kept_days() -> Mapping[Kept, float]:
    """The days of each class, as the installation is set; 0 is for ever."""
    return {
        Kept.SAMPLES: settings.CHAOSPLANE_KEEP_SAMPLES_DAYS,
        Kept.DOCUMENTS: settings.CHAOSPLANE_KEEP_DOCUMENTS_DAYS,
        Kept.NOTICES: settings.CHAOSPLANE_KEEP_NOTICES_DAYS,
        Kept.WEBHOOKS: settings.CHAOSPLANE_KEEP_NOTICES_DAYS,
    }


def _samples(before: datetime) -> QuerySet[Any]:
    return Sample.objects.filter(
        run__ended_at__lt=before,
        run__judged_at__isnull=False,
        run__experiment__exercise__phase__in=_ENDED,
    ).order_by("pk")


def _documents(before: datetime) -> QuerySet[Any]:
    return (
        Run.objects.filter(
            ended_at__lt=before, judged_at__isnull=False, experiment__exercise__phase__in=_ENDED
        )
        .exclude(archive={})
        .order_by("pk")
    )


def _notices(before: datetime) -> QuerySet[Any]:
    """Announcements with their notices and deliveries, none of them still on its way."""
    return (
        Announcement.objects.filter(happened_at__lt=before, due_at__isnull=True)
        .exclude(deliveries__state="waiting")
        .order_by("pk")
    )


def _webhooks(before: datetime) -> QuerySet[Any]:
    """Events with their deliveries, none of them still on its way."""
    return (
        WebhookEvent.objects.filter(happened_at__lt=before)
        .exclude(deliveries__state="waiting")
        .order_by("pk")
    )


def _delete(rows: QuerySet[Any], pks: list[Any]) -> int:
    rows.model._default_manager.filter(pk__in=pks).delete()
    return len(pks)


def _empty(rows: QuerySet[Any], pks: list[Any]) -> int:
    return int(Run.objects.filter(pk__in=pks).update(archive={}))


_ROWS: Final[Mapping[Kept, Callable[[datetime], QuerySet[Any]]]] = {
    Kept.SAMPLES: _samples,
    Kept.DOCUMENTS: _documents,
    Kept.NOTICES: _notices,
    Kept.WEBHOOKS: _webhooks,
}
_REMOVE: Final[Mapping[Kept, Callable[[QuerySet[Any], list[Any]], int]]] = {
    Kept.SAMPLES: _delete,
    Kept.DOCUMENTS: _empty,
    Kept.NOTICES: _delete,
    Kept.WEBHOOKS: _delete,
}
