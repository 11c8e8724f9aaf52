"""What is proposed, approved and run: one plan, and how to reach the account it runs in.

Written by services.propose, bound by domain.digest, carried out by engines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """How to reach one AWS account in one Region: a role a purpose, never more.

    `external_id` is ours and random per account, against the confused deputy
    (AWS IAM User Guide, "The confused deputy problem").
    """

    account_id: str
    region: str
    read_role_arn: str
    start_role_arn: str
    stop_role_arn: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what happens. Its digest is what people approve.

    `definition` is the engine's own document with every parameter filled in; for FIS the
    body of CreateExperimentTemplate without clientToken and tags, so it holds targets,
    actions, stop conditions, role and experiment options.
    `slot_offset_s` counts from Go, in planned seconds; `target_cap` is the most resources
    the targets may resolve to. `expected_alarms` decide nothing that happens but what is
    proved, as the hypothesis does: both are fixed with the rest before anything runs. So is
    `recheck_after_min`, the delayed check, in planned minutes after the end; 0 is none.
    """

    engine: str
    definition: JsonObject
    account_id: str
    region: str
    window_starts_at: datetime
    window_ends_at: datetime
    slot_offset_s: int
    target_cap: int
    hypothesis: str
    steady_state: Sequence[JsonObject]
    expected_alarms: Sequence[str] = ()
    recheck_after_min: int = 0
