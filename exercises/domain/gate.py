"""May this run start now? Every rule in one function over facts, asked under row locks.

`queries.start_gate` gathers the facts; nothing starts a fault without coming through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exercises.domain.approvals import ApprovalStatus
from exercises.domain.concurrency import OPEN_RUNS_PER_APPLICATION
from exercises.domain.errors import Refusal
from exercises.domain.exercise_phases import OVER, Phase
from exercises.domain.freezes import FreezeFacts, freezes_touching
from exercises.domain.run_states import RunState
from exercises.domain.times import Window

EARLY_S: Final = 2.0
"""Claims look this far ahead so that a start is on the dot; nothing starts earlier."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run and what it would do. `planned_wall_s` is its maximum duration.

    `target_count` None means not resolved yet: its rules are asked once it is known.
    `is_current_content` is false when the experiment was edited or withdrawn since.
    `account_ids` are all that it hits. `levers` names those of their Regions that were stopped.
    `unwatched` says why one of them cannot be watched now, `accounts_changed` why one is not
    what was approved any more; empty when nothing is wrong. `ladder` says
    why the confidence ladder does not let it run; empty when it does. `are_alarms_as_seen` is
    false when an alarm that stops it is set otherwise than pre-flight saw it. `unsteady` says
    which probes were not inside when they were read right before the start.
    """

    is_rehearsal: bool
    state: RunState
    stop_requested: bool
    due_at: datetime
    exercise_phase: str
    exercise_kind: str
    window: Window
    planned_wall_s: float
    environment: str
    account_ids: tuple[str, ...]
    team_id: int
    target_count: int | None
    target_cap: int
    is_current_content: bool
    policy: tuple[Refusal, ...] = ()
    levers: tuple[str, ...] = ()
    unwatched: str = ""
    accounts_changed: str = ""
    going_live: tuple[Refusal, ...] = ()
    ladder: str = ""
    incidents: tuple[str, ...] = ()
    hooks: tuple[Refusal, ...] = ()
    are_alarms_as_seen: bool = True
    unsteady: str = ""


@dataclass(frozen=True, slots=True)
class CapacityFacts:
    """What already runs where this run would run: in the fullest of its accounts."""

    open_in_account_region: int
    limit_per_account_region: int
    open_for_application: int
    fullest: str = "this account and Region"


def may_start(
    run: RunFacts,
    approval: ApprovalStatus,
    freezes: Sequence[FreezeFacts],
    capacity: CapacityFacts,
    *,
    now: datetime,
    grace_s: float,
) -> tuple[Refusal, ...]:
    """Every rule that refuses; empty when the run may start.

    A rehearsal injects nothing, so neither approval, ladder, window nor freeze is asked for.
    """
    refusals = [
        *_own_state(run),
        *_slot(run, now, grace_s),
        *_targets(run),
        *_content(run),
        *_sight(run),
        *_accounts(run),
        *_alarms(run),
        *_steady_state(run),
        *_phase(run),
        *run.going_live,
        *_capacity(capacity, is_rehearsal=run.is_rehearsal),
    ]
    if not run.is_rehearsal:
        refusals += [
            *_ladder(run),
            *run.policy,
            *approval.refusals,
            *_window(run, now),
            *_incidents(run),
            *run.hooks,
            *_freezes(run, freezes, now),
        ]
    return tuple(refusals)


def _own_state(run: RunFacts) -> list[Refusal]:
    found = []
    if run.state is not RunState.SCHEDULED:
        found.append(
            Refusal("run.not_scheduled", f"The run is {run.state.value}.", "Schedule another run.")
        )
    if run.stop_requested:
        found.append(Refusal("stop.requested", "A stop was asked for.", "Plan another exercise."))
    return found + [
        Refusal(
            "stop.lever",
            f"Everything in {place} was stopped by its safety lever.",
            "Two people release the safety lever.",
        )
        for place in run.levers
    ]


def _slot(run: RunFacts, now: datetime, grace_s: float) -> list[Refusal]:
    if now < run.due_at - timedelta(seconds=EARLY_S):
        return [Refusal("run.not_due", "Its slot has not come yet.", "Wait for the slot.")]
    if now > run.due_at + timedelta(seconds=grace_s):
        return [
            Refusal(
                "run.missed",
                f"Its slot was missed by more than {grace_s / 60:g} minutes.",
                "Schedule another run: what was missed is never caught up.",
            )
        ]
    return []


def _content(run: RunFacts) -> list[Refusal]:
    if run.is_current_content:
        return []
    return [
        Refusal(
            "approval.content_changed",
            "The experiment was changed or withdrawn after this run was scheduled.",
            "Send the present content for approval.",
        )
    ]


def _sight(run: RunFacts) -> list[Refusal]:
    if not run.unwatched:
        return []
    return [
        Refusal(
            "account.unwatched",
            run.unwatched,
            "Wait for the next look at the account, or put its roles right.",
        )
    ]


def _accounts(run: RunFacts) -> list[Refusal]:
    if not run.accounts_changed:
        return []
    return [
        Refusal(
            "account.changed",
            run.accounts_changed,
            "Choose the accounts of the experiment again and send it for approval.",
        )
    ]


def _ladder(run: RunFacts) -> list[Refusal]:
    if not run.ladder:
        return []
    return [
        Refusal(
            "ladder.level",
            run.ladder,
            "Gather the evidence below, ask a mentor, or have a programme lead override it.",
        )
    ]


def _alarms(run: RunFacts) -> list[Refusal]:
    if run.are_alarms_as_seen:
        return []
    return [
        Refusal(
            "alarms.changed",
            "An alarm that stops it is set otherwise than pre-flight saw it.",
            "Look at the alarm and run its pre-flight check again.",
        )
    ]


def _steady_state(run: RunFacts) -> list[Refusal]:
    if not run.unsteady:
        return []
    return [
        Refusal(
            "steady_state.outside",
            f"Not inside right before the start: {run.unsteady}",
            "Bring the application back to its steady state, then run again.",
        )
    ]


def _phase(run: RunFacts) -> list[Refusal]:
    phase = Phase(run.exercise_phase)
    allowed = frozenset({Phase.LIVE})
    if run.is_rehearsal:
        allowed = frozenset(Phase) - OVER
    elif run.exercise_kind == "self_service":
        allowed |= {Phase.APPROVE, Phase.PREFLIGHT}
    if phase in allowed:
        return []
    return [
        Refusal(
            "exercise.not_live",
            f"The exercise is in phase {phase.label.lower()}.",
            "The exercise lead says Go.",
        )
    ]


def _window(run: RunFacts, now: datetime) -> list[Refusal]:
    if not run.window.contains(now):
        return [
            Refusal(
                "window.outside",
                "It is outside the exercise's window.",
                "Start inside the window, or plan another one.",
            )
        ]
    if now + timedelta(seconds=run.planned_wall_s) > run.window.ends_at:
        return [
            Refusal(
                "window.too_little_left",
                "The window ends before the longest this experiment can take.",
                "Shorten the experiment, or plan a longer window.",
            )
        ]
    return []


def _freezes(run: RunFacts, freezes: Sequence[FreezeFacts], now: datetime) -> list[Refusal]:
    busy = Window(now, now + timedelta(seconds=max(run.planned_wall_s, 1)))
    return [
        Refusal(
            "freeze.active",
            f"The freeze {freeze.name!r} covers this run."
            if freeze.window.contains(now)
            else f"The freeze {freeze.name!r} begins before the longest this run can take is over.",
            "Wait until the freeze ends, have it lifted, or ask a programme lead for an exception.",
        )
        for freeze in freezes_touching(
            freezes,
            busy,
            environment=run.environment,
            account_ids=run.account_ids,
            team_id=run.team_id,
        )
    ]


def _incidents(run: RunFacts) -> list[Refusal]:
    return [
        Refusal(
            "incident.open",
            f"The incident {title!r} is open.",
            "Wait until it is resolved, where it was reported or on the page of incidents.",
        )
        for title in run.incidents
    ]


def _capacity(capacity: CapacityFacts, *, is_rehearsal: bool) -> list[Refusal]:
    found = []
    if capacity.open_in_account_region >= capacity.limit_per_account_region:
        found.append(
            Refusal(
                "concurrency.account",
                f"{capacity.open_in_account_region} running in {capacity.fullest},"
                f" the limit is {capacity.limit_per_account_region}.",
                "Wait until one ends.",
            )
        )
    if not is_rehearsal and capacity.open_for_application >= OPEN_RUNS_PER_APPLICATION:
        found.append(
            Refusal(
                "concurrency.application",
                "Another experiment on this application is still running.",
                "Wait until it ends.",
            )
        )
    return found


def _targets(run: RunFacts) -> list[Refusal]:
    if run.target_count is None:
        return []
    if run.target_count == 0:
        return [
            Refusal(
                "targets.none",
                "No resource matches the targets.",
                "Check the tags and filters of the targets.",
            )
        ]
    if run.target_count > run.target_cap:
        return [
            Refusal(
                "targets.over_cap",
                f"{run.target_count} resources match, at most {run.target_cap} are approved.",
                "Narrow the targets, or have a higher limit approved.",
            )
        ]
    return []
