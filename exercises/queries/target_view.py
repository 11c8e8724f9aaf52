"""What a target preview shows: which nodes of which fleet, in which zones, and how old it is.

Used by the propose page, the inbox and the experiment's page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.target_accounts import account_of
from exercises.models import Experiment, TargetPreview

MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class NodeHit:
    name: str
    az: str


@dataclass(frozen=True, slots=True)
class TargetView:
    """`count` is of distinct resources; `nodes` are those of the application's own fleet. In
    several accounts a zone is called with its account, and `count` is the most that is hit."""

    count: int
    cap: int
    nodes: tuple[NodeHit, ...]
    fleet_count: int
    by_zone: tuple[tuple[str, int, int], ...]
    other_kinds: tuple[tuple[str, int], ...]
    problem: str
    resolved_at: datetime
    age_s: float
    is_current: bool
    is_in_several: bool

    @property
    def percent(self) -> float:
        return 100 * len(self.nodes) / self.fleet_count if self.fleet_count else 0.0

    @property
    def shown(self) -> tuple[NodeHit, ...]:
        return self.nodes[:MOST_SHOWN]

    @property
    def hidden_count(self) -> int:
        return max(0, len(self.nodes) - MOST_SHOWN)


def account_names(experiment: Experiment) -> dict[str, str]:
    """The accounts of an experiment in several by their ids, its own first; none for one."""
    accounts = [place.account for place in experiment.places()]
    return {each.account_id: each.name for each in accounts} if len(accounts) > 1 else {}


def target_view(
    preview: TargetPreview, experiment: Experiment, *, now: datetime, digest: str = ""
) -> TargetView:
    """The preview in words and numbers; stale when it was made for another content."""
    accounts = account_names(experiment)
    hit = {str(target["arn"]): target for target in preview.targets}
    nodes = [node for node in preview.fleet if node["arn"] in hit]
    of_fleet = {node["arn"] for node in nodes}
    fleet = Counter(_zone(node, accounts) for node in preview.fleet)
    struck = Counter(_zone(node, accounts) for node in nodes)
    others = Counter(
        str(target["resource_type"]) for arn, target in hit.items() if arn not in of_fleet
    )
    return TargetView(
        count=len(hit),
        cap=experiment.target_cap,
        nodes=tuple(NodeHit(str(n["name"] or n["resource_id"]), _zone(n, accounts)) for n in nodes),
        fleet_count=len(preview.fleet),
        by_zone=tuple((zone, struck[zone], fleet[zone]) for zone in sorted(fleet)),
        other_kinds=tuple(sorted(others.items())),
        problem=preview.problem,
        resolved_at=preview.resolved_at,
        age_s=max(0.0, (now - preview.resolved_at).total_seconds()),
        is_current=not digest or preview.digest == digest,
        is_in_several=bool(accounts),
    )


def _zone(node: Mapping[str, object], accounts: Mapping[str, str]) -> str:
    zone = str(node["az"])
    account = accounts.get(account_of(str(node["arn"])))
    return f"{zone} in {account}" if account else zone
