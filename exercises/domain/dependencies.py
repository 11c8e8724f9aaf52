"""Which applications need which: no circles, and everything behind an application.

Called by services.dependencies and queries.conflicts. An edge leads from an application to one
that it depends on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Edges = Mapping[int, frozenset[int]]


def all_behind(edges: Edges, start: int) -> frozenset[int]:
    """What an application depends on, directly or through others. Ends in a circle, too."""
    found: set[int] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += edges.get(one, ())
    return frozenset(found)


def circle(edges: Edges, start: int, depends_on: Iterable[int]) -> tuple[int, ...]:
    """The way back to `start` that these new dependencies would close; empty when none does.

    It begins and ends with `start`; the shortest one.
    """
    ways: list[tuple[int, ...]] = [(start, first) for first in sorted(depends_on)]
    seen: set[int] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, following) for following in sorted(edges.get(way[-1], ()))]
    return ()
