"""The database of the charging sessions: a failover, and clients that do or do not follow it."""

from __future__ import annotations

import pytest

from tests.simulator.worlds import Worlds

NAME = "charging-database"
CLUSTERS = {
    "resourceType": "aws:rds:cluster",
    "resourceTags": {"chaosplane:application": "charging-sessions"},
    "selectionMode": "ALL",
}


def fail_over(worlds: Worlds) -> None:
    action = {"actionId": "aws:rds:failover-db-cluster", "targets": {"Clusters": "clusters"}}
    worlds.run({"failover": action}, {"clusters": CLUSTERS})


@pytest.mark.parametrize(("follows", "least", "most"), [(False, 8, 11), (True, 0.25, 1.5)])
def test_writes_fail_as_long_as_clients_hold_on_to_the_old_writer(
    worlds: Worlds, follows: bool, least: float, most: float
) -> None:
    worlds.join(NAME, follows_writer=follows)
    fail_over(worlds)

    writes = worlds.watch(14, NAME, "WriteSuccess")

    assert min(writes) < 1
    assert least * 4 <= sum(share < 95 for share in writes) <= most * 4
    assert writes[-1] > 99


def test_a_rebooting_writer_takes_no_writes_for_a_minute(worlds: Worlds) -> None:
    worlds.join(NAME)
    members = worlds.client("rds").describe_db_clusters(DBClusterIdentifier="charging-sessions-db")[
        "DBClusters"
    ][0]["DBClusterMembers"]
    writer = next(each["DBInstanceIdentifier"] for each in members if each["IsClusterWriter"])
    arn = f"arn:aws:rds:eu-central-1:222222222222:db:{writer}"
    reboot = {"actionId": "aws:rds:reboot-db-instances", "targets": {"DBInstances": "writer"}}
    target = {"resourceType": "aws:rds:db", "resourceArns": [arn], "selectionMode": "ALL"}
    worlds.run({"reboot": reboot}, {"writer": target})

    writes = worlds.watch(3, NAME, "WriteSuccess")

    assert 3 <= sum(share < 1 for share in writes) <= 5
    assert writes[-1] > 99
