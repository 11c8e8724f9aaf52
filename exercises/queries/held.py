"""What a stop holds back: safety levers that are engaged, schedules that are suspended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exercises.domain.actors import Actor
from exercises.models import AccountRegion, Recovery, SafetyLever, Schedule
from exercises.permissions import may
from exercises.queries.watching import not_looked_at, open_recovery, unknown_of


@dataclass(frozen=True, slots=True)
class Held:
    """For the Stop page. `places` are what this person may stop as a whole."""

    levers: Sequence[SafetyLever]
    suspended: Sequence[Schedule]
    places: Sequence[AccountRegion]
    may_release: bool
    recovery: Recovery | None
    """A restore that nobody has confirmed yet."""
    waiting: Sequence[AccountRegion]
    """What is still to be looked at before it can be confirmed."""
    unknown: Sequence[AccountRegion]
    """Where something runs that carries our tag and is no run of ours."""
    may_confirm: bool


def held(actor: Actor) -> Held:
    levers = SafetyLever.objects.filter(released_at__isnull=True).select_related(
        "place__account", "release_asked_by"
    )
    places = AccountRegion.objects.none()
    if may(actor, "account.stop"):
        places = AccountRegion.objects.exclude(levers__in=levers).select_related("account")
    recovery = open_recovery()
    regions = AccountRegion.objects.exclude(foreign=[]).select_related("account")
    return Held(
        levers=tuple(levers),
        suspended=tuple(
            Schedule.objects.filter(is_suspended=True)
            .select_related("programme")
            .order_by("programme__name", "pk")
        ),
        places=tuple(places.order_by("account__name", "region")),
        may_release=may(actor, "lever.release"),
        recovery=recovery,
        waiting=not_looked_at() if recovery else (),
        unknown=[place for place in regions if unknown_of(place)] if recovery else (),
        may_confirm=may(actor, "recovery.confirm"),
    )
