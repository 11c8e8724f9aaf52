"""Which experiments are in each other's way when their slots overlap, why, and what lifts it.

Called by queries.conflicts for the policy list, the conflict page and the free slots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from exercises.domain.concurrency import OPEN_RUNS_PER_ACCOUNT_REGION
from exercises.domain.times import Window


class Kind(StrEnum):
    APPLICATION = "application"
    LIMIT = "limit"
    DEPENDENCY = "dependency"
    ON_CALL = "on_call"
    ZONE = "zone"
    ACCOUNT = "account"


class Level(StrEnum):
    """`block`: the gate will refuse the later start. `warn`: think again. `note`: good to know."""

    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"


_RANK: Final = {Level.BLOCK: 0, Level.WARN: 1, Level.NOTE: 2}
_LIFT: Final = {
    Kind.APPLICATION: "Let one begin after the other has ended.",
    Kind.LIMIT: "Move one of them to a slot with fewer.",
    Kind.DEPENDENCY: "Let one begin after the other has ended, so that each effect has one cause.",
    Kind.ON_CALL: "Name somebody else for one of them, or let them follow each other.",
    Kind.ZONE: "Let them follow each other, or choose another Availability Zone.",
    Kind.ACCOUNT: "Nothing, as long as each has probes of its own.",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """An experiment in its planned time.

    `account_ids` are all that it hits, in its Region. `zones` are the physical Availability Zones,
    none for none; `is_planned_zone` says that it is the one the whole exercise is about. `on_call`
    names who looks after it, `on_call_key` says who that is. `depends_on` are the applications it
    needs, those behind them included.
    """

    id: int
    code: str
    label: str
    span: Window
    application_id: int
    application: str
    account_ids: tuple[str, ...]
    region: str
    zones: frozenset[str] = frozenset()
    zone_name: str = ""
    is_planned_zone: bool = False
    on_call: str = ""
    on_call_key: str = ""
    depends_on: frozenset[int] = frozenset()

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Every account and Region that it hits."""
        return frozenset((account_id, self.region) for account_id in self.account_ids)


@dataclass(frozen=True, slots=True)
class Clash:
    """Slots that are in each other's way. Two, or all those over a limit."""

    kind: Kind
    level: Level
    slots: tuple[Slot, ...]
    because: str

    @property
    def lifted_by(self) -> str:
        return _LIFT[self.kind]


def conflicts_among(
    slots: Sequence[Slot], *, per_place: int = OPEN_RUNS_PER_ACCOUNT_REGION
) -> list[Clash]:
    """Every conflict between these, the most serious first."""
    found = [clash for a, b in _overlapping(slots) for clash in _between(a, b)]
    return _ordered([*found, *_crowds(slots, per_place)])


def conflicts_with(
    mine: Slot, others: Iterable[Slot], *, per_place: int = OPEN_RUNS_PER_ACCOUNT_REGION
) -> list[Clash]:
    """What is in the way of one slot, the most serious first."""
    beside = [slot for slot in others if slot.id != mine.id and slot.span.overlaps(mine.span)]
    found = [clash for other in beside for clash in _between(mine, other)]
    crowds = _crowds([mine, *beside], per_place)
    return _ordered([*found, *(crowd for crowd in crowds if mine in crowd.slots)])


def in_the_way(mine: Slot, other: Slot) -> bool:
    """Whether these two should not overlap; what is only good to know does not count."""
    return any(clash.level is not Level.NOTE for clash in _between(mine, other))


def _ordered(clashes: list[Clash]) -> list[Clash]:
    return sorted(
        clashes, key=lambda c: (_RANK[c.level], c.slots[0].span.starts_at, c.slots[0].id, c.kind)
    )


def _overlapping(slots: Sequence[Slot]) -> Iterator[tuple[Slot, Slot]]:
    """Each pair that shares a moment, the earlier first."""
    open_: list[Slot] = []
    for slot in sorted(slots, key=lambda s: (s.span.starts_at, s.id)):
        open_ = [other for other in open_ if other.span.ends_at > slot.span.starts_at]
        for other in open_:
            yield other, slot
        open_.append(slot)


def _between(a: Slot, b: Slot) -> Iterator[Clash]:
    pair = (a, b)
    if a.application_id == b.application_id:
        because = f"Both are on {a.application}: its measurements could not tell them apart."
        yield Clash(Kind.APPLICATION, Level.BLOCK, pair, because)
        return  # the same application, so all of the following, too
    yield from _dependency(a, b)
    if a.on_call_key and a.on_call_key == b.on_call_key:
        because = f"{a.on_call} is on call for both."
        yield Clash(Kind.ON_CALL, Level.WARN, pair, because)
    if a.zones & b.zones:
        level = Level.NOTE if a.is_planned_zone and b.is_planned_zone else Level.WARN
        because = f"Both are in {a.zone_name or min(a.zones & b.zones)}."
        yield Clash(Kind.ZONE, level, pair, because)
    if shared := a.places & b.places:
        ids = sorted(account_id for account_id, _ in shared)
        because = f"Both are in account{'s' if len(ids) > 1 else ''} {', '.join(ids)}, {a.region}."
        yield Clash(Kind.ACCOUNT, Level.NOTE, pair, because)


def _dependency(a: Slot, b: Slot) -> Iterator[Clash]:
    if b.application_id in a.depends_on:
        because = f"{a.application} depends on {b.application}."
    elif a.application_id in b.depends_on:
        because = f"{b.application} depends on {a.application}."
    elif a.depends_on & b.depends_on:
        because = f"{a.application} and {b.application} depend on the same application."
        yield Clash(Kind.DEPENDENCY, Level.NOTE, (a, b), because)
        return
    else:
        return
    yield Clash(Kind.DEPENDENCY, Level.WARN, (a, b), because)


def _crowds(slots: Sequence[Slot], per_place: int) -> Iterator[Clash]:
    """The fullest moments of each account and Region over its limit, each group once."""
    places: dict[tuple[str, str], list[Slot]] = defaultdict(list)
    for slot in slots:
        for place in slot.places:
            places[place].append(slot)
    for (account_id, region), here in sorted(places.items()):
        seen: set[frozenset[int]] = set()
        for moment in sorted({slot.span.starts_at for slot in here}):
            at_once = [slot for slot in here if slot.span.contains(moment)]
            ids = frozenset(slot.id for slot in at_once)
            if len(at_once) <= per_place or any(ids <= other for other in seen):
                continue
            seen.add(ids)
            because = (
                f"{len(at_once)} at once in account {account_id}, {region}; at most"
                f" {per_place} may run there."
            )
            yield Clash(Kind.LIMIT, Level.BLOCK, tuple(at_once), because)
