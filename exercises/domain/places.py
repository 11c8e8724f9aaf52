"""Names of Regions and Availability Zones as somebody typed them."""

from __future__ import annotations

import re
from typing import Final

REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def place_problems(region: str, az: str) -> list[tuple[str, str]]:
    """What is wrong with them, by field."""
    if not REGION.fullmatch(region):
        return [("region", "a Region name such as eu-central-1")]
    if az and not (az.startswith(region) and len(az) == len(region) + 1):
        return [("az", f"a zone of {region}, such as {region}a, or empty")]
    return []
