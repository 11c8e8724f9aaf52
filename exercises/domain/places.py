"""Names of Regions and Availability Zones as somebody typed them, and what they mean where.

The name of a zone (eu-central-1a) is another zone in another account; its id (euc1-az2) is the
same one everywhere (AWS RAM User Guide, "Availability Zone IDs for your AWS resources"). A plan
may name either; each account says by which names it knows its zones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
ZONE_ID: Final = re.compile(r"([a-z]{2,6}\d)-az\d{1,2}")

_SHORT: Final = {
    "gov": "g",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
}


def place_problems(region: str, az: str) -> list[tuple[str, str]]:
    """What is wrong with them, by field."""
    if not REGION.fullmatch(region):
        return [("region", "a Region name such as eu-central-1")]
    if az and not is_zone_of(region, az):
        example = f"{_code(region) or 'euc1'}-az1"
        said = f"a zone of {region}: its id such as {example}, a name such as {region}a, or empty"
        return [("az", said)]
    return []


def is_zone_of(region: str, az: str) -> bool:
    """Whether this may be a zone of the Region, by its id or by a name."""
    if is_zone_id(az):
        return is_zone_id_of(region, az)
    return bool(re.fullmatch(f"{re.escape(region)}[a-z]", az))


def is_zone_id(az: str) -> bool:
    return bool(ZONE_ID.fullmatch(az))


def is_zone_id_of(region: str, zone_id: str) -> bool:
    """Whether the id begins as those of the Region do; of a Region whose name does not say how
    it is shortened every id is taken."""
    found = ZONE_ID.fullmatch(zone_id)
    return found is not None and _code(region) in {None, found[1]}


def zone_name(az: str, az_ids: Mapping[str, str]) -> str | None:
    """The name by which an account knows the zone; None when it does not say."""
    if not is_zone_id(az):
        return az
    return next((name for name, zone_id in az_ids.items() if zone_id == az), None)


def zone_id(az: str, az_ids: Mapping[str, str]) -> str:
    """Its id; empty when the account does not say."""
    return az if is_zone_id(az) else az_ids.get(az, "")


def zone_words(az: str, az_ids: Mapping[str, str]) -> str:
    """Name and id, as far as the account says them."""
    name, known = zone_name(az, az_ids), zone_id(az, az_ids)
    return f"{name} ({known})" if name and known else name or known


def _code(region: str) -> str | None:
    """What ids of zones begin with: euc1 for eu-central-1; None where that is not known."""
    area, *directions, number = region.split("-")
    short = [_SHORT.get(word) for word in directions]
    return None if None in short else area + "".join(map(str, short)) + number
