"""How far a fault can reach: five rungs, climbed one at a time."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Rung(IntEnum):
    RESOURCE = 1
    SERVICE = 2
    ZONE_OF_SERVICE = 3
    ZONE = 4
    REGION = 5

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS: Final = {
    Rung.RESOURCE: "One resource",
    Rung.SERVICE: "One service",
    Rung.ZONE_OF_SERVICE: "AZ, one service",
    Rung.ZONE: "AZ, many services",
    Rung.REGION: "Region",
}
