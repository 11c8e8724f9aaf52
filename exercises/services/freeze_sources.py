"""Freezes that are kept in a calendar elsewhere: add it, read it anew, remove it.

Reading is due work: the tick hands a source out when it is due. While a calendar cannot be
read its last good copy holds, and people see its age and what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from exercises.channels.safe_fetch import Reach, fetch, host_of
from exercises.domain.actors import Actor
from exercises.domain.errors import EngineError, Invalid
from exercises.domain.freezes import FreezeScope, environment_problems
from exercises.domain.ical_freezes import ImportedFreeze, freezes_in
from exercises.domain.times import Window, is_zone
from exercises.models import CloudAccount, FreezeSource, FreezeWindow, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now, kept
from exercises.permissions import authorize
from exercises.services.audit import record
from exercises.services.system import SYSTEM

EVERY: Final = timedelta(hours=1)
AGAIN_AFTER_A_PROBLEM: Final = timedelta(minutes=10)
AHEAD: Final = timedelta(days=400)
_WRITTEN: Final = (
    "name", "reason", "starts_at", "ends_at", "environments", "lifted_at", "lifted_because",
)  # fmt: skip
_GONE: Final = "It is no longer in the calendar."


def add_source(
    *,
    actor: Actor,
    name: str,
    url: str,
    timezone: str,
    environments: Sequence[str] = (),
    accounts: Sequence[CloudAccount] = (),
    teams: Sequence[Team] = (),
) -> FreezeSource:
    """Read freezes from this address from now on. Raises Invalid, NotAllowed."""
    authorize(actor, "freeze.import", FreezeScope(frozenset(t.pk for t in teams)))
    _check(name, url, timezone, environments)
    with transaction.atomic():
        now = database_now()
        source = FreezeSource.objects.create(
            name=name.strip(),
            url=url.strip(),
            timezone=timezone,
            environments=sorted(set(environments)),
            added_by_id=actor.person_id,
            added_at=now,
            due_at=now,
        )
        source.accounts.set(accounts)
        source.teams.set(teams)
        record(actor, "freeze_source.add", source, name=source.name, host=host_of(source.url))
    return source


def read_soon(*, actor: Actor, source: FreezeSource) -> None:
    """Have it read within seconds. Raises NotAllowed."""
    authorize(actor, "freeze.import", source)
    with transaction.atomic():
        rows = FreezeSource.objects.filter(pk=source.pk, removed_at__isnull=True)
        rows.update(due_at=database_now())
        record(actor, "freeze_source.read", source)


def remove_source(*, actor: Actor, source: FreezeSource) -> None:
    """Stop reading it. Its freezes that are not over are lifted. Raises NotAllowed."""
    authorize(actor, "freeze.import", source)
    with transaction.atomic():
        locked = FreezeSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        if locked.removed_at is not None:
            return
        now = database_now()
        locked.removed_at, locked.due_at = now, None
        locked.save(update_fields=["removed_at", "due_at"])
        standing = locked.freezes.filter(lifted_at__isnull=True, ends_at__gt=now)
        lifted = standing.update(
            lifted_at=now, lifted_by=actor.person_id, lifted_because="Its calendar was removed."
        )
        record(actor, "freeze_source.remove", locked, lifted=lifted)


def refresh_source(*, source_id: int, fence: int, reach: Reach | None = None) -> int:
    """Read one source; return how many freezes it holds. The worker that claimed it calls."""
    source = FreezeSource.objects.get(pk=source_id)
    if source.fence != fence or source.removed_at is not None:
        return 0
    try:
        with kept(FreezeSource, source.pk, fence):
            fetched = fetch(source.url, etag=source.etag, accept="text/calendar", reach=reach)
        now = database_now()
        content = fetched.content
        if content is None:  # not changed: the copy holds, but the year it covers moves on
            content, etag = source.content.encode(), source.etag
        else:
            etag = fetched.etag
        found = freezes_in(
            content, zone=source.timezone, within=Window(now - timedelta(days=1), now + AHEAD)
        )
    except (Invalid, EngineError) as error:
        _note_problem(source, fence, error)
        return 0
    return _take(source, fence, found, content.decode("utf-8-sig"), etag, now)


def _note_problem(source: FreezeSource, fence: int, error: Invalid | EngineError) -> None:
    why = "; ".join(t for _, t in error.problems) if isinstance(error, Invalid) else str(error)
    why = why[:500]
    with transaction.atomic():
        now = database_now()
        mine = FreezeSource.objects.filter(pk=source.pk, fence=fence, removed_at__isnull=True)
        changed = mine.update(
            problem=why, tried_at=now, due_at=now + AGAIN_AFTER_A_PROBLEM, lease_until=None
        )
        if changed and source.problem != why:
            record(SYSTEM, "freeze_source.problem", source, why=why)


def _take(
    source: FreezeSource,
    fence: int,
    found: list[ImportedFreeze],
    content: str,
    etag: str,
    now: datetime,
) -> int:
    with transaction.atomic():
        locked = FreezeSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        if locked.fence != fence or locked.removed_at is not None:
            return 0
        changes = _write(locked, found, now)
        locked.content, locked.etag = content, etag
        locked.tried_at = locked.good_at = now
        locked.problem, locked.due_at, locked.lease_until = "", now + EVERY, None
        locked.save(
            update_fields=[
                "content", "etag", "tried_at", "good_at", "problem", "due_at", "lease_until"
            ]
        )  # fmt: skip
        if any(changes.values()):
            record(SYSTEM, "freeze_source.refresh", locked, **changes)
    return len(found)


def _write(source: FreezeSource, found: list[ImportedFreeze], now: datetime) -> dict[str, int]:
    """Bring the rows to what the calendar says. What a person lifted stays lifted."""
    rows = {row.source_key: row for row in source.freezes.filter(ends_at__gt=now)}
    known = set(source.freezes.values_list("source_key", flat=True))
    accounts, teams = list(source.accounts.all()), list(source.teams.all())
    new = changed = 0
    for each in found:
        row = rows.pop(each.key, None)
        if row is None and each.key in known:
            row = source.freezes.get(source_key=each.key)
        if row is None:
            row = FreezeWindow(source=source, source_key=each.key, declared_at=now)
            new += 1
        elif row.lifted_by_id is not None or _is_same(row, each):
            continue
        else:
            changed += 1
        row.name, row.reason = each.name, each.reason
        row.starts_at, row.ends_at = each.window.starts_at, each.window.ends_at
        row.environments = source.environments
        row.lifted_at, row.lifted_because = None, ""
        row.save(update_fields=None if row.pk is None else _WRITTEN)
        row.accounts.set(accounts)
        row.teams.set(teams)
    gone = [row.pk for row in rows.values() if row.lifted_at is None]
    FreezeWindow.objects.filter(pk__in=gone).update(lifted_at=now, lifted_because=_GONE)
    return {"new": new, "changed": changed, "gone": len(gone)}


def _is_same(row: FreezeWindow, each: ImportedFreeze) -> bool:
    return row.lifted_at is None and (row.name, row.reason, row.starts_at, row.ends_at) == (
        each.name,
        each.reason,
        each.window.starts_at,
        each.window.ends_at,
    )


def _check(name: str, url: str, timezone: str, environments: Sequence[str]) -> None:
    problems: list[tuple[str, str]] = []
    if not 1 <= len(name.strip()) <= 120:
        problems.append(("name", "1 to 120 characters"))
    try:
        host_of(url.strip())
    except Invalid as error:
        problems += error.problems
    if not is_zone(timezone):
        problems.append(("timezone", "an IANA name such as Europe/Berlin"))
    problems += environment_problems(environments, dict(ENVIRONMENTS))
    if problems:
        raise Invalid.of(problems)
