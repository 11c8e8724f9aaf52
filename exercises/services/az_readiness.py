"""Look which resources of an account the scenarios of a zone would find. Changes nothing."""

from __future__ import annotations

from exercises.aws.zones import zone_ids
from exercises.domain.actors import Actor
from exercises.domain.az_readiness import WANTED, Found, KindReadiness, Wanted, readiness_of
from exercises.domain.plans import AccountAccess
from exercises.engines.fis_resources import has_reader, resources
from exercises.engines.fis_tagged import tagged_resources
from exercises.models import AccountRegion
from exercises.permissions import authorize


def look_at_tags(*, actor: Actor, place: AccountRegion) -> tuple[KindReadiness, ...]:
    """Every kind that a scenario selects by a tag, asked of the account now.

    Raises NotAllowed, and EngineError when AWS does not answer.
    """
    authorize(actor, "account.look", place.account)
    access = place.access
    zones = zone_ids(access)
    read: dict[str, list[Found]] = {}
    rows = []
    for wanted in WANTED:
        sees_all = has_reader(wanted.resource_type)
        if not sees_all:
            found = _tagged(access, wanted)
        else:
            if wanted.resource_type not in read:
                read[wanted.resource_type] = _all(access, wanted.resource_type)
            found = read[wanted.resource_type]
        rows.append(
            readiness_of(wanted, found, region=place.region, zone_ids=zones, sees_all=sees_all)
        )
    return tuple(rows)


def _all(access: AccountAccess, resource_type: str) -> list[Found]:
    return [
        Found(each.arn, each.az, each.label, each.tags)
        for each in resources(access, resource_type, ())
    ]


def _tagged(access: AccountAccess, wanted: Wanted) -> list[Found]:
    tags = {wanted.key: wanted.value}
    return [
        Found(each.arn, each.az, each.label, each.tags)
        for each in tagged_resources(access, wanted.resource_type, tags)
    ]
