"""A zone is planned by its id, which means the same everywhere, or by a name, which does not."""

from __future__ import annotations

import pytest
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from exercises.domain.places import (
    is_zone_id_of,
    is_zone_of,
    place_problems,
    zone_id,
    zone_name,
    zone_words,
)

HERE = {"eu-central-1a": "euc1-az2", "eu-central-1b": "", "eu-central-1c": "euc1-az1"}


@pytest.mark.parametrize("region", sorted(RegionsAndZonesBackend.zones))
def test_the_zones_of_every_region_are_known_by_name_and_id(region: str) -> None:
    for zone in RegionsAndZonesBackend.zones[region]:
        assert is_zone_of(region, zone.name)
        assert is_zone_of(region, zone.zone_id)


@pytest.mark.parametrize(
    ("region", "az"),
    [
        ("eu-central-1", "use1-az1"),
        ("us-east-1", "usw1-az1"),
        ("us-gov-west-1", "usw1-az1"),
        ("eu-central-1", "eu-west-1a"),
        ("eu-central-1", "eu-central-1ab"),
        ("eu-central-1", "euc1-az"),
        ("eu-central-1", "euc1-lax1-az1"),
    ],
)
def test_a_zone_of_elsewhere_is_refused_with_what_one_looks_like(region: str, az: str) -> None:
    [(field, said)] = place_problems(region, az)
    assert field == "az"
    assert f"{region}a" in said
    assert "-az1" in said
    assert not is_zone_id_of(region, az)


def test_an_account_says_by_which_name_it_knows_a_zone() -> None:
    assert zone_name("euc1-az2", HERE) == "eu-central-1a"
    assert zone_name("eu-central-1b", HERE) == "eu-central-1b"
    assert zone_name("", HERE) == ""
    assert zone_name("euc1-az3", HERE) is None
    assert (zone_id("eu-central-1c", HERE), zone_id("eu-central-1b", HERE)) == ("euc1-az1", "")


def test_a_zone_is_shown_with_what_is_known_of_it() -> None:
    assert zone_words("euc1-az2", HERE) == zone_words("eu-central-1a", HERE)
    assert zone_words("eu-central-1a", HERE) == "eu-central-1a (euc1-az2)"
    assert zone_words("eu-central-1b", HERE) == "eu-central-1b"
    assert zone_words("euc1-az3", HERE) == "euc1-az3"
    assert zone_words("", HERE) == ""
