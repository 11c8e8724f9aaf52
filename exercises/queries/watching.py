"""Can this account be watched? Asked by the start gate and by the list before Go."""

from __future__ import annotations

from datetime import datetime, timedelta

from exercises.models import AccountRegion

WATCHED_WITHIN = timedelta(minutes=5)


def watch_problem(place: AccountRegion, *, now: datetime) -> str:
    """Why nothing may start in this account; empty when it can be watched.

    Nothing starts where nobody looks. An experiment that carries the tag of a run we do not
    know says that the database is older than the account: a restore, or a second
    installation. Until it has ended nobody can say what else we forgot.
    """
    if place.scanned_at is None or now - place.scanned_at > WATCHED_WITHIN:
        return f"{place} was not looked at within the last 5 minutes. {place.scan_problem}".strip()
    unknown = [each["ref"] for each in place.foreign if each["run_id"]]
    if unknown:
        return f"In {place} runs what carries our tag and is no run of ours: {', '.join(unknown)}."
    return ""
