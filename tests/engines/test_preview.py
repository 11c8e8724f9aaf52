"""A preview names what FIS would hit, without an experiment."""

from __future__ import annotations

from typing import Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.fis_definitions import order, stopping, waiting

ZONE = "eu-central-1a"
ZONE_ID = "euc1-az1"
POWER = "AzImpairmentPower"


def labels(fis: FisEngine, access: AccountAccess, **target: Any) -> list[str]:
    body = {"selectionMode": "ALL"} | target
    return [t.label for t in fis.preview(access, waiting(targets={"these": body}))]


def test_a_preview_is_what_the_experiment_resolves(
    fis: FisEngine, access: AccountAccess, aws: Any
) -> None:
    definition = stopping(ZONE)
    ref = fis.provision(access, definition, "previewed")
    started = fis.start(access, order(ref, "run-previewed", is_rehearsal=True))
    aws.clock.advance(60)
    resolved = fis.archive(access, started.ref).targets
    previewed = fis.preview(access, definition)
    assert sorted(t.arn for t in previewed) == sorted(t.arn for t in resolved)
    assert {(t.label, t.az) for t in previewed} == {(t.label, t.az) for t in resolved}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("ALL", ["broker-a1", "broker-a2", "broker-a3"]),
        ("COUNT(2)", ["broker-a1", "broker-a2"]),
        ("COUNT(9)", ["broker-a1", "broker-a2", "broker-a3"]),
        ("PERCENT(70)", ["broker-a1", "broker-a2"]),
        ("PERCENT(10)", []),
    ],
)
def test_the_selection_mode_says_how_many(
    fis: FisEngine, access: AccountAccess, mode: str, expected: list[str]
) -> None:
    assert [t.label for t in fis.preview(access, stopping(ZONE, mode=mode))] == expected


def test_every_tag_must_match(fis: FisEngine, access: AccountAccess) -> None:
    tags = {"chaosplane:application": "mqtt-broker", POWER: "StopInstances"}
    kind = "aws:ec2:instance"
    assert len(labels(fis, access, resourceType=kind, resourceTags=tags)) == 9
    assert labels(fis, access, resourceType=kind, resourceTags=tags | {POWER: ""}) == []


@pytest.mark.parametrize("zone", [ZONE, ZONE_ID])
def test_volumes_are_chosen_by_zone_name_or_id_and_by_filters_inside_lists(
    fis: FisEngine, access: AccountAccess, zone: str
) -> None:
    found = fis.preview(
        access,
        waiting(
            targets={
                "volumes": {
                    "resourceType": "aws:ec2:ebs-volume",
                    "resourceTags": {POWER: "ApiPauseVolume"},
                    "filters": [{"path": "Attachments.DeleteOnTermination", "values": ["false"]}],
                    "parameters": {"availabilityZoneIdentifier": zone},
                    "selectionMode": "ALL",
                }
            }
        ),
    )
    assert len(found) == 3
    assert {t.az for t in found} == {ZONE}


def test_a_database_is_where_its_writer_is(fis: FisEngine, access: AccountAccess) -> None:
    def clusters(zones: str) -> list[str]:
        return labels(
            fis,
            access,
            resourceType="aws:rds:cluster",
            resourceTags={POWER: "DisruptRds"},
            parameters={"writerAvailabilityZoneIdentifiers": zones},
        )

    assert len(clusters(ZONE)) == 1
    assert clusters("eu-central-1b") == []
    assert len(clusters("all")) == 1


def test_subnets_of_one_zone(fis: FisEngine, access: AccountAccess) -> None:
    found = labels(
        fis,
        access,
        resourceType="aws:ec2:subnet",
        resourceTags={POWER: "DisruptSubnet", "chaosplane:application": "mqtt-broker"},
        filters=[{"path": "AvailabilityZone", "values": [ZONE]}],
    )
    assert len(found) == 1


def test_what_is_named_is_hit_even_when_it_cannot_be_described(
    fis: FisEngine, access: AccountAccess
) -> None:
    role = "arn:aws:iam::111111111111:role/launcher"
    assert labels(fis, access, resourceType="aws:iam:role", resourceArns=[role]) == ["launcher"]


def test_a_type_that_is_not_described_is_found_by_its_tags(
    fis: FisEngine, access: AccountAccess
) -> None:
    elasticache = client(access, "elasticache", Purpose.START)
    for name, team in (("positions", "telemetry"), ("prices", "configurator")):
        elasticache.create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription=name,
            Tags=[{"Key": "team", "Value": team}],
        )
    found = labels(
        fis,
        access,
        resourceType="aws:elasticache:replicationgroup",
        resourceTags={"team": "telemetry"},
        parameters={"availabilityZoneIdentifier": ZONE},
    )
    assert found == ["positions"]


def test_one_describe_a_resource_type(fis: FisEngine, access: AccountAccess, aws: Any) -> None:
    ec2 = client(access, "ec2", Purpose.READ)
    seen: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        seen.append(event_name)

    ec2.meta.events.register("before-send", note)
    try:
        definition = stopping(ZONE)
        definition["targets"]["more"] = stopping("eu-central-1b")["targets"]["brokers"]
        assert len(fis.preview(access, definition)) == 6
    finally:
        ec2.meta.events.unregister("before-send", note)
    assert len(seen) == 1


def test_a_selection_mode_that_is_none_is_refused_by_name(
    fis: FisEngine, access: AccountAccess
) -> None:
    with pytest.raises(EngineError, match=r"targets\.brokers\.selectionMode: SOME is not ALL"):
        fis.preview(access, stopping(ZONE, mode="SOME"))
