"""The facts of the resilience score: what can happen to each application, and what was proved.

The report and the page of the score ask here. Two queries, however much there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Max, Q

from exercises.domain.failure_families import applies_to
from exercises.domain.resilience_score import FORGOTTEN_AFTER_DAYS, Proof, Scored
from exercises.domain.verdicts import RunVerdict
from exercises.models import Application, Run, Template

_JUDGED: Final = (RunVerdict.HELD.value, RunVerdict.NOT_HELD.value)


@dataclass(frozen=True, slots=True)
class ScoredApplication:
    application: Application
    scored: Scored


def scored_applications(zone: ZoneInfo, *, days: Sequence[date]) -> list[ScoredApplication]:
    """Every application by name, with its failures and the proofs that count on these days."""
    proofs = _proofs(zone, days)
    families = sorted(
        set(
            Template.objects.filter(retired_at__isnull=True, versions__isnull=False).values_list(
                "failure_family", flat=True
            )
        )
    )
    return [
        ScoredApplication(
            row,
            Scored(
                id=row.pk,
                team_id=row.team_id,
                tier=row.tier,
                families=tuple(f for f in families if applies_to(f, row.architecture_tags)),
                proofs=tuple(sorted(proofs.get(row.pk, ()), key=lambda p: (p.on, p.family))),
            ),
        )
        for row in Application.objects.select_related("team").order_by("name", "id")
    ]


def _proofs(zone: ZoneInfo, days: Sequence[date]) -> dict[int, set[Proof]]:
    """The newest run of each kind up to each of the days: no older one counts then."""
    ends = {f"until_{n}": _midnight(day + timedelta(days=1), zone) for n, day in enumerate(days)}
    after = _midnight(min(days) - timedelta(days=FORGOTTEN_AFTER_DAYS), zone)
    rows = (
        Run.objects.filter(is_rehearsal=False, verdict__in=_JUDGED, started_at__gte=after)
        .order_by()
        .values_list(
            "experiment__application_id",
            "experiment__template_version__template__failure_family",
            "experiment__deployment__place__account__environment",
            "verdict",
        )
        .annotate(
            **{name: Max("started_at", filter=Q(started_at__lt=end)) for name, end in ends.items()}
        )
    )
    found: dict[int, set[Proof]] = defaultdict(set)
    for application_id, family, environment, verdict, *newest in rows:
        for at in filter(None, newest):
            proof = Proof(
                application_id,
                family,
                is_production=environment == "production",
                held=verdict == RunVerdict.HELD.value,
                on=at.astimezone(zone).date(),
            )
            found[application_id].add(proof)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
