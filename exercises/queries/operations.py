"""How the installation itself is doing: lateness, queues, runs and stops, as numbers.

All of it is read from PostgreSQL, so that any process answers for all. chaosplane.metrics asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet

from exercises.domain.exposition import Metric, Sample, histogram
from exercises.domain.run_states import RunState
from exercises.models import (
    AccountRegion,
    Announcement,
    Channel,
    CleanUp,
    Delivery,
    FreezeSource,
    PreflightCheck,
    ReportSubscription,
    Run,
    Schedule,
    SignOfLife,
    WebhookDelivery,
    WebhookEndpoint,
)

STOPS_OF: Final = timedelta(days=366)
STOP_BOUNDS_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300)


def waiting() -> Mapping[str, QuerySet[Any]]:
    """Everything that can be due, by the name it has in the numbers."""
    return {
        "run": Run.objects.all(),
        "region": AccountRegion.objects.all(),
        "clean_up": CleanUp.objects.all(),
        "schedule": Schedule.objects.filter(is_suspended=False),
        "check": PreflightCheck.objects.all(),
        "freeze_calendar": FreezeSource.objects.all(),
        "announcement": Announcement.objects.all(),
        "channel": Channel.objects.filter(is_active=True),
        "webhook": WebhookEndpoint.objects.with_mail(),
        "report_mail": ReportSubscription.objects.all(),
    }


def operations(now: datetime) -> list[Metric]:
    """The numbers at this moment."""
    return [*_due(now), _signs(now), _runs(), _stops(now), *_outboxes(now)]


def _due(now: datetime) -> list[Metric]:
    late, rows = [], []
    for kind, all_rows in waiting().items():
        untaken = Q(lease_until=None) | Q(lease_until__lte=now)
        due = all_rows.filter(untaken, due_at__lte=now)
        found = due.aggregate(first=Min("due_at"), count=Count("pk"))
        late.append(Sample(_age(found["first"], now), {"kind": kind}))
        rows.append(Sample(found["count"], {"kind": kind}))
    return [
        Metric(
            "chaosplane_due_lag_seconds",
            "gauge",
            "How long the oldest work that is due waits for a worker; 0 when none does.",
            late,
        ),
        Metric("chaosplane_due_rows", "gauge", "Work that is due and no worker holds.", rows),
    ]


def _signs(now: datetime) -> Metric:
    seen = SignOfLife.objects.order_by("name").values_list("name", "at")
    return Metric(
        "chaosplane_seen_seconds",
        "gauge",
        "Since a part was last seen at work: tick is a worker that looks for what is due.",
        [Sample(_age(at, now), {"part": name}) for name, at in seen],
    )


def _runs() -> Metric:
    rows = Run.objects.filter(is_imported=False, is_rehearsal=False)
    found = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    return Metric(
        "chaosplane_runs",
        "gauge",
        "Runs by state, rehearsals and imported ones left out.",
        [Sample(found.get(state.value, 0), {"state": state.value}) for state in RunState],
    )


def _stops(now: datetime) -> Metric:
    stopped = Run.objects.filter(
        is_imported=False,
        is_rehearsal=False,
        ended_at__gt=now - STOPS_OF,
        stop_requested_at__isnull=False,
    ).values_list("stop_requested_at", "ended_at")
    return histogram(
        "chaosplane_stop_seconds",
        "From the order to stop until AWS FIS said that the experiment ended; of 366 days.",
        [_age(asked, ended) for asked, ended in stopped if ended],
        STOP_BOUNDS_S,
    )


def _outboxes(now: datetime) -> list[Metric]:
    counts, ages = [], []
    outboxes = {"notice": Delivery.objects.all(), "webhook": WebhookDelivery.objects.all()}
    for name, rows in outboxes.items():
        late = Q(state="waiting", not_before__lte=now)
        found = rows.aggregate(
            waiting=Count("pk", filter=Q(state="waiting")),
            failed=Count("pk", filter=Q(state="failed")),
            first=Min("not_before", filter=late),
        )
        counts += [
            Sample(found[state], {"outbox": name, "state": state})
            for state in ("waiting", "failed")
        ]
        ages.append(Sample(_age(found["first"], now), {"outbox": name}))
    return [
        Metric("chaosplane_outbox_rows", "gauge", "Messages not delivered, by state.", counts),
        Metric(
            "chaosplane_outbox_age_seconds",
            "gauge",
            "How long the oldest message waits that could be sent; 0 when none does.",
            ages,
        ),
    ]


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
