"""What differs after a run from how it was before, and which of it is a residual fault.

Pure: services.sweep compares two snapshots with it. A change is by design where the fault
itself brings it about and something else makes up for it, such as an instance that its Auto
Scaling group has replaced; everything else that became worse is left over, with the words and
the command that put it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any, Final

from exercises.domain.snapshots import Snapshot, Trace

Values = Mapping[str, Any]
LONGEST_VALUE: Final = 120


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is other than before. `put_back` is empty for what is by design; then
    `after` says why. `command` is for a shell, empty where no one command does it."""

    kind: str
    resource: str
    label: str
    before: str
    after: str
    put_back: str = ""
    command: str = ""

    @property
    def is_residue(self) -> bool:
        return bool(self.put_back)


def changes(before: Snapshot, after: Snapshot, *, ref: str, region: str) -> list[Change]:
    """Everything that differs, residual faults first.

    `ref` is the run's own experiment: what another one holds changed just now is not this
    run's. Resources of which there was nothing before are not looked at.
    """
    now = {(trace.kind, trace.resource): trace for trace in after.traces}
    found = [
        _in_account(_in_region(change, region), trace.account)
        for trace in before.traces
        for change in _RULES[trace.kind](trace, now.get((trace.kind, trace.resource)), ref)
    ]
    return sorted(
        found,
        key=lambda change: (not change.is_residue, change.kind, change.label),
    )


def residual(found: Sequence[Change]) -> list[Change]:
    """Only what is left over."""
    return [change for change in found if change.is_residue]


def _in_account(change: Change, account: str) -> Change:
    """Said where a run reaches several: a command works only there."""
    return replace(change, label=f"{change.label} in account {account}") if account else change


def _in_region(change: Change, region: str) -> Change:
    return replace(change, command=f"{change.command} --region {region}" if change.command else "")


def _change(trace: Trace, before: str, after: str, put_back: str = "", command: str = "") -> Change:
    return Change(trace.kind, trace.resource, trace.label, before, after, put_back, command)


def _id(trace: Trace) -> str:
    return trace.resource.rsplit("/", 1)[-1]


def _instances(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = trace.values["state"]
    state = now.values["state"] if now else "gone"
    if was not in ("running", "pending") or state == "running":
        return
    if state in ("gone", "terminated", "shutting-down"):
        group = trace.values["group"]
        if group:
            yield _change(trace, was, f"{state}; its Auto Scaling group {group} replaces it")
            return
        yield _change(trace, was, state, "Launch another one in its place: nothing else does.")
        return
    yield _change(
        trace, was, state, "Start it again.", f"aws ec2 start-instances --instance-ids {_id(trace)}"
    )


def _groups(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = trace.values
    if now is None:
        yield _change(trace, "there", "gone", "Create the Auto Scaling group again.")
        return
    group = f"--auto-scaling-group-name {quote(trace.label)}"
    suspended = sorted(set(now.values["suspended"]) - set(was["suspended"]))
    if suspended:
        yield _change(
            trace,
            "all processes run" if not was["suspended"] else "other processes ran",
            f"suspended: {', '.join(suspended)}",
            "Resume the processes.",
            f"aws autoscaling resume-processes {group} --scaling-processes {' '.join(suspended)}",
        )
    if now.values["desired"] < was["desired"]:
        yield _change(
            trace,
            f"{was['desired']} desired",
            f"{now.values['desired']} desired",
            "Set the desired capacity as it was, unless a scaling policy has lowered it.",
            f"aws autoscaling set-desired-capacity {group} --desired-capacity {was['desired']}",
        )
    wanted = min(was["in_service"], now.values["desired"])
    if now.values["in_service"] < wanted:
        yield _change(
            trace,
            f"{was['in_service']} in service",
            f"{now.values['in_service']} in service",
            "Look at the group's activities: it does not get its instances back by itself.",
            f"aws autoscaling describe-scaling-activities {group}",
        )


def _volumes(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = trace.values["attached"]
    if not was or (now is not None and now.values["attached"] == was):
        return
    before = f"attached to {was}"
    if now is None:
        yield _change(trace, before, "gone", "Restore it from its newest snapshot.")
    elif now.values["attached"]:
        yield _change(trace, before, f"attached to {now.values['attached']}, which took its place")
    else:
        command = f"aws ec2 attach-volume --volume-id {_id(trace)} --instance-id {was}"
        device = trace.values["device"]
        yield _change(
            trace, before, "not attached", "Attach it again.", f"{command} --device {device}"
        )


def _subnets(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = trace.values
    if now is None:
        yield _change(trace, "there", "gone", "Create the subnet again.")
        return
    is_anothers = now.values["acl_of"] not in ("", ref)
    if now.values["acl"] != was["acl"] and not was["acl_of"] and not is_anothers:
        by_fis = ", made by AWS FIS" if now.values["acl_of"] else ""
        yield _change(
            trace,
            f"network ACL {was['acl']}",
            f"network ACL {now.values['acl']}{by_fis}",
            "Give the subnet its own network ACL again.",
            "aws ec2 replace-network-acl-association"
            f" --association-id {now.values['acl_association']} --network-acl-id {was['acl']}",
        )
    if now.values["routes"] != was["routes"]:
        yield _change(
            trace,
            f"route table {was['routes'] or 'of the VPC'}",
            f"route table {now.values['routes'] or 'of the VPC'}",
            "Give the subnet its own route table again.",
            _route_command(was, now.values),
        )
    elif now.values["blackholes"] > was["blackholes"]:
        yield _change(
            trace,
            f"{was['blackholes']} routes into nothing",
            f"{now.values['blackholes']} routes into nothing",
            "Put the routes of its table right.",
            f"aws ec2 describe-route-tables --route-table-ids {now.values['routes']}",
        )


def _route_command(was: Values, now: Values) -> str:
    association = now["route_association"]
    if not association:
        return ""
    if not was["routes"]:
        return f"aws ec2 disassociate-route-table --association-id {association}"
    return (
        f"aws ec2 replace-route-table-association --association-id {association}"
        f" --route-table-id {was['routes']}"
    )


def _endpoints(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = set(trace.values["groups"])
    if now is None:
        yield _change(trace, "there", "gone", "Create the VPC endpoint again.")
        return
    has = set(now.values["groups"])
    if has == was:
        return
    command = f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {_id(trace)}"
    if was - has:
        command += f" --add-security-group-ids {' '.join(sorted(was - has))}"
    if has - was:
        command += f" --remove-security-group-ids {' '.join(sorted(has - was))}"
    yield _change(
        trace,
        f"security groups {', '.join(sorted(was)) or 'none'}",
        f"security groups {', '.join(sorted(has)) or 'none'}",
        "Give the endpoint its own security groups again.",
        command,
    )


def _services(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = trace.values
    if now is None:
        yield _change(trace, "active", "gone", "Create the service again.")
        return
    service = f"--cluster {quote(was['cluster'])} --service {quote(trace.label)}"
    if now.values["desired"] < was["desired"]:
        yield _change(
            trace,
            f"{was['desired']} tasks desired",
            f"{now.values['desired']} tasks desired",
            "Set the desired count as it was, unless a scaling policy has lowered it.",
            f"aws ecs update-service {service} --desired-count {was['desired']}",
        )
    wanted = min(was["running"], now.values["desired"])
    if now.values["running"] < wanted:
        yield _change(
            trace,
            f"{was['running']} tasks running",
            f"{now.values['running']} tasks running",
            "Look at the service's events; a new deployment starts its tasks again.",
            f"aws ecs update-service {service} --force-new-deployment",
        )


def _container_instances(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    status = now.values["status"] if now else "gone"
    if trace.values["status"] != "ACTIVE" or status == "ACTIVE":
        return
    if now is None:
        yield _change(trace, "ACTIVE", "gone; the capacity of the cluster replaces it")
        return
    yield _change(
        trace,
        "ACTIVE",
        status,
        "Let it take tasks again.",
        "aws ecs update-container-instances-state"
        f" --cluster {quote(trace.values['cluster'])}"
        f" --container-instances {_id(trace)} --status ACTIVE",
    )


def _databases(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was = trace.values
    status = now.values["status"] if now else "gone"
    if was["status"] == "available" and status != "available":
        yield _change(
            trace, "available", status, "See the events of the database: it is not available."
        )
    writer = now.values.get("writer", "") if now else ""
    if now is not None and writer != was.get("writer", ""):
        was_writer = was.get("writer", "") or "none"
        yield _change(trace, f"writer {was_writer}", f"writer {writer or 'none'}: it failed over")


def _more(trace: Trace, now: Trace | None, name: str) -> list[str]:
    return sorted(set(now.values[name] if now else ()) - set(trace.values[name]))


def _function_faults(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    place = trace.resource.split(":::", 1)[-1]
    bucket = place.split("/", 1)[0]
    for key in _more(trace, now, "objects"):
        yield _change(
            trace,
            "no such fault",
            f"the fault {key} is still there",
            "Take the fault away: the functions go on to read it.",
            f"aws s3 rm {quote(f's3://{bucket}/{key}')}",
        )


def _commands(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    for command in _more(trace, now, "running"):
        yield _change(
            trace,
            "no such command",
            f"command {command} still runs",
            "Cancel the command.",
            f"aws ssm cancel-command --command-id {command}",
        )


def _tables(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    for statement in _more(trace, now, "paused_by"):
        if ref and ref not in statement:
            continue
        yield _change(
            trace,
            "replicates",
            f"its resource policy holds {statement}",
            "Take this statement out of the table's resource policy.",
            f"aws dynamodb get-resource-policy --resource-arn {trace.resource}",
        )


def _parameters(trace: Trace, now: Trace | None, ref: str) -> Iterator[Change]:
    was, value = trace.values["value"], now.values["value"] if now else None
    if value == was:
        return
    name = f"--name {quote(trace.label)}"
    command = f"aws ssm put-parameter {name} --overwrite --value {quote(was or '')}"
    yield _change(
        trace,
        _short(was),
        _short(value),
        "Write the value as it was." if was is not None else "Take the parameter away.",
        command if was is not None else f"aws ssm delete-parameter {name}",
    )


def _short(value: str | None) -> str:
    if value is None:
        return "not there"
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"


_RULES: Final[dict[str, Callable[[Trace, Trace | None, str], Iterator[Change]]]] = {
    "instances": _instances,
    "groups": _groups,
    "volumes": _volumes,
    "subnets": _subnets,
    "endpoints": _endpoints,
    "services": _services,
    "container-instances": _container_instances,
    "db-clusters": _databases,
    "db-instances": _databases,
    "function-faults": _function_faults,
    "commands": _commands,
    "tables": _tables,
    "parameters": _parameters,
}
KINDS: Final = frozenset(_RULES)
