"""Can this account be watched? Asked by the start gate and by the list before Go.

Nothing starts where nobody looks, and nothing at all after a restore until a person has
confirmed that what AWS knows was looked at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from exercises.models import AccountRegion, Recovery

WATCHED_WITHIN: Final = timedelta(minutes=5)
NEW_FOR: Final = timedelta(minutes=1)
"""How long the first look at a Region may take before it is said to be missing."""

RESTORED: Final = (
    "The database went back to an earlier time: a programme lead confirms on the page Stop that"
    " what AWS knows was looked at."
)


def watch_problem(*places: AccountRegion, now: datetime) -> str:
    """Why nothing may start in these accounts; empty when all of them can be watched."""
    if open_recovery():
        return RESTORED
    return " ".join(filter(None, (sight_problem(place, now=now) for place in places)))


def sight_problem(place: AccountRegion, *, now: datetime) -> str:
    """The same without the question for a restore, which is one for all accounts.

    An experiment that carries the tag of a run we do not know says that the database is older
    than the account: a restore, or a second installation. Until it has ended nobody can say
    what else we forgot.
    """
    if is_being_looked_at(place, now=now):
        return f"{place} is being looked at."
    if place.scanned_at is None or now - place.scanned_at > WATCHED_WITHIN:
        return f"{place} was not looked at within the last 5 minutes. {place.scan_problem}".strip()
    unknown = unknown_of(place)
    if unknown:
        return f"In {place} runs what carries our tag and is no run of ours: {', '.join(unknown)}."
    return ""


def is_being_looked_at(place: AccountRegion, *, now: datetime) -> bool:
    """Whether the first look at it is under way: nothing is wrong yet."""
    is_new = place.scanned_at is None and not place.scan_problem
    return is_new and place.due_at is not None and now - place.due_at < NEW_FOR


def unknown_of(place: AccountRegion) -> list[str]:
    """What runs there with the tag of a run that we do not know."""
    return [each["ref"] for each in place.foreign if each["run_id"]]


def open_recovery() -> Recovery | None:
    """The restore that nobody has confirmed yet."""
    return Recovery.objects.filter(confirmed_at__isnull=True).first()


def not_looked_at() -> list[AccountRegion]:
    """The Regions that are still to be looked at, but for those where that cannot be done."""
    return list(
        AccountRegion.objects.filter(scanned_at__isnull=True, scan_problem="")
        .select_related("account")
        .order_by("account__name", "region")
    )
