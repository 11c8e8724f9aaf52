"""Zones as the accounts know them: by name in a document, with their ids for people."""

from __future__ import annotations

from collections.abc import Mapping

from exercises.domain.errors import Invalid
from exercises.domain.places import zone_name, zone_words
from exercises.models import AccountRegion


def zone_names(zones: Mapping[str, str], place: AccountRegion) -> dict[str, str]:
    """The names of these zones in their account, by field. Raises Invalid that names each
    zone of which the account does not say by which name it knows it."""
    names = {field: zone_name(zone, place.az_ids) for field, zone in zones.items()}
    unknown = [field for field, name in names.items() if name is None]
    if unknown:
        raise Invalid.of([(field, _unknown(zones[field], place)) for field in unknown])
    return {field: name or "" for field, name in names.items()}


def _unknown(zone: str, place: AccountRegion) -> str:
    return (
        f"{place.account.name} does not say by which name it knows {zone} in {place.region}: "
        "check its roles, which reads that, or name a zone that it knows"
    )


def zone_words_in(region: str, az: str) -> str:
    """The zone with its id or its name, where all accounts of the Region agree on it."""
    if not az:
        return ""
    known = AccountRegion.objects.filter(region=region).values_list("az_ids", flat=True)
    words = {zone_words(az, az_ids) for az_ids in known} - {az}
    return words.pop() if len(words) == 1 else az
