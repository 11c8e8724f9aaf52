"""What became worse and stays so is a residual fault; what the fault itself brings about and
something makes up for is by design."""

from __future__ import annotations

from typing import Any

import pytest

from exercises.domain.errors import EngineError
from exercises.domain.fis_catalogue import actions
from exercises.domain.residue import KINDS, Change, changes, residual
from exercises.domain.snapshots import (
    Calls,
    Snapshot,
    Trace,
    as_json,
    from_json,
    leaves_of,
    leaves_of_fis,
)

ACL = {"acl": "acl-1", "acl_association": "aclassoc-1", "acl_of": ""}
ROUTES = {"routes": "rtb-1", "route_association": "rtbassoc-1", "blackholes": 0}
SUBNET = ACL | ROUTES


def found(
    kind: str, before: dict[str, Any], after: dict[str, Any] | None, *, ref: str = "EXP1"
) -> list[Change]:
    name = f"arn:aws:x:eu-central-1:111111111111:{kind}/one"
    then = Snapshot((Trace(kind, name, "one", before),))
    now = Snapshot((Trace(kind, name, "one", after),) if after is not None else ())
    return changes(then, now, ref=ref, region="eu-central-1")


def test_every_action_says_what_it_may_leave_or_why_nothing_is_seen() -> None:
    table = leaves_of_fis()
    assert table.keys() == actions().keys()
    assert {kind for leaves in table.values() for kind in leaves.kinds} <= KINDS
    silent = {name for name, leaves in table.items() if not leaves.kinds and not leaves.unseen}
    assert silent == {"aws:fis:wait", "aws:cloudwatch:assert-alarm-state"}


def test_of_an_action_nobody_knows_it_is_said_that_nothing_is_looked_at() -> None:
    assert "aws:new:thing is not known" in leaves_of("aws:new:thing").unseen


@pytest.mark.parametrize(
    ("kind", "before", "after", "command"),
    [
        (
            "instances",
            {"state": "running", "group": ""},
            {"state": "stopped", "group": ""},
            "aws ec2 start-instances --instance-ids one",
        ),
        ("instances", {"state": "running", "group": ""}, {"state": "terminated", "group": ""}, ""),
        (
            "groups",
            {"desired": 3, "in_service": 3, "suspended": []},
            {"desired": 3, "in_service": 3, "suspended": ["Launch"]},
            (
                "aws autoscaling resume-processes --auto-scaling-group-name one"
                " --scaling-processes Launch"
            ),
        ),
        (
            "groups",
            {"desired": 3, "in_service": 3, "suspended": []},
            {"desired": 0, "in_service": 0, "suspended": []},
            (
                "aws autoscaling set-desired-capacity --auto-scaling-group-name one"
                " --desired-capacity 3"
            ),
        ),
        (
            "groups",
            {"desired": 3, "in_service": 3, "suspended": []},
            {"desired": 3, "in_service": 2, "suspended": []},
            "aws autoscaling describe-scaling-activities --auto-scaling-group-name one",
        ),
        (
            "volumes",
            {"attached": "i-1", "device": "/dev/sdf"},
            {"attached": "", "device": ""},
            "aws ec2 attach-volume --volume-id one --instance-id i-1 --device /dev/sdf",
        ),
        (
            "subnets",
            SUBNET,
            SUBNET | {"acl": "acl-9", "acl_association": "aclassoc-9", "acl_of": "EXP1"},
            (
                "aws ec2 replace-network-acl-association --association-id aclassoc-9"
                " --network-acl-id acl-1"
            ),
        ),
        (
            "subnets",
            SUBNET,
            SUBNET | {"routes": "rtb-9", "route_association": "rtbassoc-9"},
            (
                "aws ec2 replace-route-table-association --association-id rtbassoc-9"
                " --route-table-id rtb-1"
            ),
        ),
        (
            "subnets",
            SUBNET | {"routes": "", "route_association": ""},
            SUBNET | {"routes": "rtb-9", "route_association": "rtbassoc-9"},
            "aws ec2 disassociate-route-table --association-id rtbassoc-9",
        ),
        (
            "subnets",
            SUBNET,
            SUBNET | {"blackholes": 1},
            "aws ec2 describe-route-tables --route-table-ids rtb-1",
        ),
        (
            "endpoints",
            {"groups": ["sg-1"]},
            {"groups": ["sg-9"]},
            (
                "aws ec2 modify-vpc-endpoint --vpc-endpoint-id one --add-security-group-ids sg-1"
                " --remove-security-group-ids sg-9"
            ),
        ),
        (
            "services",
            {"cluster": "c", "desired": 4, "running": 4},
            {"cluster": "c", "desired": 0, "running": 0},
            "aws ecs update-service --cluster c --service one --desired-count 4",
        ),
        (
            "services",
            {"cluster": "c", "desired": 4, "running": 4},
            {"cluster": "c", "desired": 4, "running": 3},
            "aws ecs update-service --cluster c --service one --force-new-deployment",
        ),
        (
            "container-instances",
            {"cluster": "c", "status": "ACTIVE"},
            {"cluster": "c", "status": "DRAINING"},
            (
                "aws ecs update-container-instances-state --cluster c --container-instances one"
                " --status ACTIVE"
            ),
        ),
        ("db-clusters", {"status": "available", "writer": "a"}, {"status": "failed"}, ""),
        ("db-instances", {"status": "available"}, {"status": "rebooting"}, ""),
        (
            "commands",
            {"running": ["old"]},
            {"running": ["new", "old"]},
            "aws ssm cancel-command --command-id new",
        ),
        (
            "parameters",
            {"value": "{}"},
            {"value": '{"isEnabled": true}'},
            "aws ssm put-parameter --name one --overwrite --value '{}'",
        ),
        ("parameters", {"value": None}, {"value": "x"}, "aws ssm delete-parameter --name one"),
    ],
)
def test_what_is_left_names_the_command_that_puts_it_back(
    kind: str, before: dict[str, Any], after: dict[str, Any], command: str
) -> None:
    change = residual(found(kind, before, after))[0]
    assert change.put_back
    assert change.before != change.after
    assert change.command == (f"{command} --region eu-central-1" if command else "")


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("instances", {"state": "running", "group": "asg"}, None),
        (
            "db-clusters",
            {"status": "available", "writer": "a"},
            {"status": "available", "writer": "b"},
        ),
        ("volumes", {"attached": "i-1", "device": "d"}, {"attached": "i-2", "device": "d"}),
        ("container-instances", {"cluster": "c", "status": "ACTIVE"}, None),
    ],
)
def test_what_something_makes_up_for_is_by_design(
    kind: str, before: dict[str, Any], after: dict[str, Any] | None
) -> None:
    changed = found(kind, before, after)
    assert changed
    assert residual(changed) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("instances", {"state": "stopped", "group": ""}, {"state": "running", "group": ""}),
        ("instances", {"state": "stopped", "group": ""}, {"state": "stopped", "group": ""}),
        (
            "groups",
            {"desired": 3, "in_service": 3, "suspended": ["AZRebalance"]},
            {"desired": 6, "in_service": 5, "suspended": []},
        ),
        (
            "services",
            {"cluster": "c", "desired": 1, "running": 0},
            {"cluster": "c", "desired": 2, "running": 2},
        ),
        ("commands", {"running": ["old"]}, {"running": []}),
    ],
)
def test_what_is_better_or_as_bad_as_before_is_nothing(
    kind: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert found(kind, before, after) == []


def test_what_another_experiment_holds_changed_is_not_of_this_run() -> None:
    held = SUBNET | {"acl": "acl-9", "acl_association": "a", "acl_of": "EXP2"}
    assert found("subnets", SUBNET, held, ref="EXP1") == []
    assert len(found("subnets", SUBNET, held, ref="EXP2")) == 1
    assert found("subnets", held, SUBNET) == []


def test_a_fault_of_lambda_that_is_left_is_one_object_each() -> None:
    place = "arn:aws:s3:::bucket/FisConfigs/"
    then = Trace("function-faults", place, "s3://bucket/FisConfigs/", {"objects": ["FisConfigs/a"]})
    now = Trace(
        "function-faults", place, then.label, {"objects": ["FisConfigs/a", "FisConfigs/b c"]}
    )
    (change,) = changes(Snapshot((then,)), Snapshot((now,)), ref="EXP1", region="eu-west-1")
    assert change.command == "aws s3 rm 's3://bucket/FisConfigs/b c' --region eu-west-1"


def test_a_table_paused_by_another_experiment_is_not_of_this_run() -> None:
    sid = "DoNotModifyFisDynamoDbPauseReplication"
    after = {"paused_by": [f"{sid}EXP1", f"{sid}EXP2"]}
    (change,) = found("tables", {"paused_by": []}, after)
    assert change.after == f"its resource policy holds {sid}EXP1"


def test_what_a_person_copies_into_a_shell_is_quoted() -> None:
    values = {"desired": 3, "in_service": 3, "suspended": []}
    name = "one; rm -rf ~"
    then = Snapshot((Trace("groups", "arn:aws:x", name, values),))
    now = Snapshot((Trace("groups", "arn:aws:x", name, values | {"suspended": ["Launch"]}),))
    (change,) = changes(then, now, ref="", region="eu-west-1")
    assert "--auto-scaling-group-name 'one; rm -rf ~'" in change.command


def test_a_snapshot_survives_being_stored_and_its_hash_says_when_it_was_changed() -> None:
    one = Snapshot((Trace("instances", "arn", "one", {"state": "running", "group": ""}),), ("x",))
    assert from_json(as_json(one)) == one
    other = Snapshot((Trace("instances", "arn", "one", {"state": "stopped", "group": ""}),), ("x",))
    assert from_json(as_json(one)).hash == one.hash != other.hash


def test_a_snapshot_ends_at_its_number_of_calls() -> None:
    calls = Calls(1)
    calls.spend()
    with pytest.raises(EngineError, match="Narrow the targets"):
        calls.spend()
