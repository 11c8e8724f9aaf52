"""The lease of a Lambda configuration: what was changed until when, and what was there before.

It is kept beside the parameters themselves, in the account, and written before any of them is
changed: whoever holds AWS credentials finds in it what to put back. Pure; engines.lambda_config
and engines.lambda_leases read and write it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from exercises.domain.engine_values import ActionObservation, EngineStatus, Observation
from exercises.domain.lambda_config import MAX_VALUE_BYTES
from exercises.domain.timeline import SETTING

PREFIX: Final = "/chaosplane/leases/"
REF: Final = "lease-"
FORMAT: Final = 1
ROOM_FOR_WORDS: Final = 500
"""Bytes of a lease kept free for what could not be put back, and why."""


@dataclass(frozen=True, slots=True)
class Held:
    """One parameter: what it held before, and what it holds while the fault lasts."""

    name: str
    format: str
    before: str
    before_version: int
    value: str


@dataclass(frozen=True, slots=True)
class Version:
    """A parameter at one moment, or one entry of its history."""

    number: int
    value: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """All times are of the wall clock, in UTC. `not_after` is the end of the permission to
    start: what was not yet set at the end may still be set until then by a start that hangs.
    `outcome` is empty while it lasts; `left` names what was not put back, and why.
    """

    run_id: str
    exercise: str
    digest: str
    started_at: datetime
    expires_at: datetime
    not_after: datetime
    lag_s: float
    is_rehearsal: bool
    held: tuple[Held, ...]
    ended_at: datetime | None = None
    over_at: datetime | None = None
    outcome: str = ""
    left: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        return REF + self.run_id

    def is_expired(self, now: datetime) -> bool:
        return self.ended_at is None and now >= self.expires_at

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it is felt any more, as far as can be known."""
        return self.over_at is not None and now >= self.over_at

    def ended(
        self, now: datetime, outcome: EngineStatus, left: Sequence[str], *, is_whole: bool
    ) -> Lease:
        """Ended now. `is_whole` says that every parameter had been set: then no start hangs."""
        felt_until = now + timedelta(seconds=self.lag_s)
        if self.is_rehearsal:
            felt_until = now
        elif not is_whole:
            felt_until = max(felt_until, self.not_after + timedelta(seconds=self.lag_s))
        return replace(
            self, ended_at=now, over_at=felt_until, outcome=outcome.value, left=tuple(left)
        )


def lease_name(ref: str) -> str:
    """The parameter that holds the lease of this reference."""
    return PREFIX + ref.removeprefix(REF)


def to_text(lease: Lease) -> str:
    """As it is kept."""
    return json.dumps(
        {"format": FORMAT, **asdict(lease)},
        default=lambda at: at.isoformat(),
        ensure_ascii=False,
        separators=(",", ":"),
    )


def largest(lease: Lease) -> int:
    """Bytes it takes at most once it has ended: what cannot be ended could never be over."""
    late = datetime(2000, 1, 1, microsecond=1, tzinfo=UTC)
    words = ("x" * ROOM_FOR_WORDS,)
    longest = EngineStatus.COMPLETED.value
    ended = replace(lease, ended_at=late, over_at=late, outcome=longest, left=words)
    return len(to_text(ended).encode())


def fitting(lease: Lease) -> Lease:
    """The same with as much of `left` as fits into a parameter, and how much more there was."""
    told = lease.left
    shown = lease
    while told and len(to_text(shown).encode()) > MAX_VALUE_BYTES:
        told = told[:-1]
        more = len(lease.left) - len(told)
        shown = replace(lease, left=(*told, f"{more} more" if told else f"{more} parameters"))
    return shown


def from_text(text: str) -> Lease:
    """Raises ValueError, KeyError or TypeError for what is no lease of ours."""
    told: dict[str, Any] = json.loads(text)
    if told.pop("format") != FORMAT:
        raise ValueError("a lease of another format")
    for name in ("started_at", "expires_at", "not_after", "ended_at", "over_at"):
        told[name] = datetime.fromisoformat(told[name]) if told[name] else None
    told["held"] = tuple(Held(**each) for each in told["held"])
    return Lease(**{**told, "left": tuple(told["left"])})


def is_ours(held: Held, history: Sequence[Version]) -> bool:
    """Whether nobody but us has written since: every version after the one before is ours.

    `history` ends with the version that stands now. It may begin later than our own versions
    do; what is missing is not ours.
    """
    since = [version for version in history if version.number > held.before_version]
    if not since or len(since) < since[-1].number - held.before_version:
        return False
    return all(version.value in {held.value, held.before} for version in since)


def status_of(lease: Lease, now: datetime) -> EngineStatus:
    """Functions go on with what they have read for a while: until that is over, a lease that
    was stopped is stopping, and one that came to its end still runs."""
    if lease.ended_at is None:
        return EngineStatus.RUNNING
    if not lease.is_over(now):
        is_stopped = lease.outcome == EngineStatus.STOPPED.value
        return EngineStatus.STOPPING if is_stopped else EngineStatus.RUNNING
    return EngineStatus(lease.outcome)


def observation_of(lease: Lease, now: datetime, differences: Sequence[str] = ()) -> Observation:
    """The lease as every engine describes its experiments."""
    status = status_of(lease, now)
    is_over = status.is_terminal
    return Observation(
        ref=lease.ref,
        status=status,
        reason=_reason(lease, is_over=is_over),
        started_at=lease.started_at,
        ended_at=lease.over_at if is_over else None,
        actions=tuple(_action(lease, held, is_over=is_over) for held in lease.held),
        differences=tuple(differences),
    )


def _reason(lease: Lease, *, is_over: bool) -> str:
    if lease.ended_at is None:
        return ""
    if lease.is_rehearsal:
        return "Rehearsed: no parameter was changed."
    said = "Put back."
    if lease.left:
        said = f"Not everything was put back: {'; '.join(lease.left)}."
    return said if is_over else f"{said} Functions may go on for up to {lease.lag_s:.0f} s."


def _action(lease: Lease, held: Held, *, is_over: bool) -> ActionObservation:
    ending = lease.outcome if is_over else "stopping"
    status = ending if lease.ended_at else "running"
    return ActionObservation(
        name=held.name,
        action_id=SETTING + held.format,
        status="skipped" if lease.is_rehearsal and is_over else status,
        reason="",
        started_at=lease.started_at,
        ended_at=lease.over_at if is_over else None,
    )
