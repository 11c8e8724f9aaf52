"""Where an experiment hits: the application's instances by zone, and the alarms that stop it.

Pure: from the rows of a run or of a preview to what the room shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from exercises.domain.stop_alarms import MISSING, UNKNOWN, name_of, stop_alarms
from exercises.domain.target_accounts import account_of


@dataclass(frozen=True, slots=True)
class NodeView:
    name: str
    is_hit: bool
    icon: str
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class ZoneView:
    """One Availability Zone. `label` is its letter part: 1a of eu-central-1a. `account` says
    of which account, where an experiment hits several."""

    name: str
    label: str
    is_hit: bool
    words: str
    nodes: tuple[NodeView, ...]
    account: str = ""


@dataclass(frozen=True, slots=True)
class TargetsView:
    zones: tuple[ZoneView, ...]
    hit: int
    down: int
    total: int
    limit: int


@dataclass(frozen=True, slots=True)
class AlarmView:
    """A CloudWatch alarm that stops the experiment by itself, as AWS last told of it.

    `rule` says when it goes into alarm; `reason` why it is not well, or is not known.
    """

    name: str
    icon: str
    tone: str
    words: str
    rule: str
    reason: str


def targets_view(
    fleet: Sequence[Mapping[str, str]],
    hit_arns: frozenset[str],
    *,
    limit: int,
    phase: str,
    accounts: Mapping[str, str],
) -> TargetsView:
    """The fleet by zone. `phase` is before, fault, returning or over; `accounts` are the names
    of several by their ids, in their order: one name of a zone is another place in each."""
    order = list(accounts)
    by_zone: dict[tuple[int, str], list[Mapping[str, str]]] = defaultdict(list)
    for node in fleet:
        account = account_of(node.get("arn", ""))
        by_zone[order.index(account) if account in order else -1, node.get("az", "")].append(node)
    zones = tuple(
        replace(
            _zone(name, sorted(nodes, key=lambda n: n.get("name", "")), hit_arns, phase),
            account=accounts[order[at]] if at >= 0 else "",
        )
        for (at, name), nodes in sorted(by_zone.items())
    )
    return TargetsView(
        zones=zones,
        hit=sum(node.get("arn") in hit_arns for node in fleet),
        down=sum(node.get("state") != "running" for node in fleet),
        total=len(fleet),
        limit=limit,
    )


def _zone(
    name: str, nodes: Sequence[Mapping[str, str]], hit_arns: frozenset[str], phase: str
) -> ZoneView:
    is_hit = any(node.get("arn") in hit_arns for node in nodes)
    is_down = any(node.get("state") != "running" for node in nodes)
    return ZoneView(
        name=name or "no zone",
        label=_zone_label(name),
        is_hit=is_hit,
        words=_zone_words(phase, is_hit=is_hit, is_down=is_down),
        nodes=tuple(_node(node, phase, is_hit=node.get("arn") in hit_arns) for node in nodes),
    )


def _zone_label(name: str) -> str:
    """1a of eu-central-1a: what people say in the room."""
    return name.rsplit("-", 1)[-1] or "none"


def _zone_words(phase: str, *, is_hit: bool, is_down: bool) -> str:
    if is_hit and phase == "fault":
        return "fault active"
    if is_down and phase in {"returning", "over"}:
        return "returning"
    if is_down:
        return "not all running"
    return "to be hit" if is_hit and phase == "before" else "serving"


def _node(node: Mapping[str, str], phase: str, *, is_hit: bool) -> NodeView:
    state = node.get("state", "")
    name = node.get("name") or node.get("resource_id", "")
    match state:
        case "running":
            icon, tone, words = "okc", "tone-ok", "running"
        case "pending":
            icon, tone, words = "spinner", "tone-run", "starting"
        case "stopping" | "shutting-down":
            icon, tone, words = "power", "tone-danger", "stopping"
        case "stopped" | "terminated":
            icon, tone, words = "power", "tone-danger", state
        case _:
            icon, tone, words = "question", "tone-wait", state or "unknown"
    if is_hit and state == "running" and phase in {"before", "fault"}:
        icon, tone, words = "target", "tone-run", "running, targeted"
    return NodeView(name, is_hit, icon, tone, words)


_ALARM_LOOKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "OK": ("okc", "tone-ok", "OK"),
    "ALARM": ("warn", "tone-danger", "In alarm"),
    "INSUFFICIENT_DATA": ("question", "tone-wait", "No data"),
    MISSING: ("warn", "tone-danger", "Not found"),
    UNKNOWN: ("question", "tone-wait", "Unknown"),
}
_NOT_READ: Final = ("shield", "tone-idle", "")


def alarms_view(
    definition: Mapping[str, object],
    told: Sequence[Mapping[str, str]],
    *,
    stopped_by_alarm: bool,
) -> tuple[AlarmView, ...]:
    """The stop conditions of a definition with what AWS told of each, if it was asked yet."""
    by_arn = {alarm.get("arn", ""): alarm for alarm in told}
    return tuple(
        _alarm(arn, by_arn.get(arn, {}), stopped_by_alarm=stopped_by_alarm)
        for arn in stop_alarms(definition)
    )


def _alarm(arn: str, told: Mapping[str, str], *, stopped_by_alarm: bool) -> AlarmView:
    state = told.get("state", "")
    icon, tone, words = _ALARM_LOOKS.get(state, _NOT_READ)
    if state == "ALARM" and stopped_by_alarm:
        words = "Stopped it"
    return AlarmView(
        name=name_of(arn),
        icon=icon,
        tone=tone,
        words=words,
        rule=told.get("rule", ""),
        reason="" if state == "OK" else told.get("reason", ""),
    )
