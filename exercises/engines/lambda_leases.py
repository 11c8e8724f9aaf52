"""Leases in the account: found, ended, and what they changed put back by compare-and-set.

Used by engines.lambda_config. Systems Manager has no conditional write: a value is put back
only while nobody else has written since, the answer's version tells whether somebody did in
that very moment, and then their value is put back in turn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus
from exercises.domain.errors import EngineError
from exercises.domain.lambda_config import MAX_VALUE_BYTES
from exercises.domain.lambda_leases import (
    PREFIX,
    Held,
    Lease,
    fitting,
    from_text,
    is_ours,
    largest,
    lease_name,
    to_text,
)
from exercises.domain.plans import AccountAccess
from exercises.engines import lambda_parameters as parameters
from exercises.engines.lambda_parameters import MayNotList, Parameter

log = logging.getLogger(__name__)


def leases(access: AccountAccess, purpose: Purpose, *, is_sure: bool = False) -> list[Lease]:
    """Every lease of this account and Region, ended or not.

    What the role that stops may not list is listed by the role that reads. Where that may not
    either, the account was never set up for this engine and nothing can have been started. To
    be sure of that takes two roles: whoever has one for both and may not list is told so.
    """
    try:
        return list(_readable(parameters.below(access, PREFIX, purpose)))
    except MayNotList:
        if is_sure and access.read_role_arn == access.stop_role_arn:
            raise
        return [] if purpose is Purpose.READ else leases(access, Purpose.READ)


def leases_of(
    access: AccountAccess, refs: Iterable[str], purpose: Purpose = Purpose.READ
) -> list[Lease]:
    """Those of these references that there are."""
    found = parameters.read(access, (lease_name(ref) for ref in refs), purpose)
    return list(_readable(found.values()))


def _readable(found: Iterable[Parameter]) -> Iterator[Lease]:
    for parameter in found:
        try:
            yield from_text(parameter.value)
        except (ValueError, KeyError, TypeError):
            # Somebody else's below our path; one such parameter must not hide the leases.
            log.warning("lease.unreadable", extra={"parameter": parameter.name})


def end(access: AccountAccess, lease: Lease, outcome: EngineStatus, now: datetime) -> Lease:
    """Put everything back, under the role that stops; the lease as it is then. Safe to repeat:
    what was put back is not touched again, and the first end stays the end. A parameter that
    cannot be put back now keeps no other from it, only the lease from being ended: then
    EngineError is raised once all were tried."""
    ssm = client(access, "ssm", Purpose.STOP)
    standing = parameters.read(access, (held.name for held in lease.held), Purpose.STOP)
    left, failures, is_whole = [], [], True
    for held in () if lease.is_rehearsal else lease.held:
        now_there = standing.get(held.name)
        was_set = now_there is None or now_there.version > held.before_version
        is_whole = is_whole and was_set
        try:
            said = _put_back(ssm, access, held, now_there)
        except EngineError as error:
            failures.append(error)
            continue
        left += [said] if said else []
    if failures:
        raise failures[0]
    if outcome is EngineStatus.COMPLETED and (left or not is_whole):
        outcome = EngineStatus.FAILED
    ended = lease if lease.ended_at else lease.ended(now, outcome, left, is_whole=is_whole)
    ended = fitting(ended)
    if ended != lease:
        parameters.overwrite(ssm, access, lease_name(lease.ref), to_text(ended))
    return ended


def _put_back(ssm: Any, access: AccountAccess, held: Held, standing: Parameter | None) -> str:
    """Why it was not put back; empty when it holds again what it held before."""
    if standing is None:
        return f"{held.name} was deleted"
    if standing.value == held.before:
        return ""
    versions = parameters.history(access, held.name, Purpose.STOP)
    if not versions or not is_ours(held, versions):
        last = versions[-1] if versions else None
        who = f" by {last.who}" if last and last.who else ""
        number = last.number if last else standing.version
        return f"{held.name} was changed{who} in between, version {number}: left as it is"
    written = parameters.overwrite(ssm, access, held.name, held.before)
    return settle(ssm, access, held.name, versions[-1].number, written, ours={held.before})


def settle(
    ssm: Any, access: AccountAccess, name: str, before: int, written: int, *, ours: set[str]
) -> str:
    """Whether a write met somebody else's: then theirs is put back, and said. `ours` are the
    values that another worker of ours may have written in that moment."""
    if written == before + 1:
        return ""
    versions = parameters.history(access, name, Purpose.STOP)
    between = [v for v in versions if before < v.number < written and v.value not in ours]
    if not between:
        return ""
    last = between[-1]
    if versions[-1].number == written:
        parameters.overwrite(ssm, access, name, last.value)
    who = f" by {last.who}" if last.who else ""
    return f"{name} was changed{who} in that moment, version {last.number}: put back to that"


def check_size(lease: Lease) -> None:
    """Raises EngineError when the lease, once ended, might not fit into a standard parameter."""
    size = largest(lease)
    if size > MAX_VALUE_BYTES:
        raise EngineError(
            f"What the parameters hold now and will hold takes up to {size:,} bytes to remember "
            f"until it is over; a standard parameter keeps {MAX_VALUE_BYTES:,}. "
            "Set fewer parameters at once.",
            outcome="none",
            retryable=False,
        )
