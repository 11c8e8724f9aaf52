"""The facts the start gate asks for, read in the transaction that holds the run's lock.

`refusals` is the only way to the gate: the start, its settlement and the pages that say
"would this start?" all come through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exercises.domain.errors import Refusal
from exercises.domain.gate import CapacityFacts, RunFacts, may_start
from exercises.domain.run_states import RunState
from exercises.domain.timeline import planned_duration_s
from exercises.models import AccountRegion, Run, SafetyLever
from exercises.queries.approvals import approval_of
from exercises.queries.freezes import freezes_binding
from exercises.queries.going_live import go_refusals
from exercises.queries.incidents import incidents_holding
from exercises.queries.ladder import ladder_problem
from exercises.queries.plans import planned_wall
from exercises.queries.policy import current_policy, policy_refusals
from exercises.queries.preflight import alarm_settings_seen
from exercises.queries.start_hooks import hook_refusals
from exercises.queries.watching import watch_problem

GRACE_S = 300.0
"""How late a start may be: after this a missed slot is skipped, never caught up."""


def refusals(
    run: Run,
    *,
    now: datetime,
    target_count: int | None,
    alarm_settings: str | None = None,
    unsteady: str = "",
    levers: Sequence[str] = (),
    is_reissue: bool = False,
) -> tuple[Refusal, ...]:
    """Every rule that refuses this start now; empty when it may start.

    `alarm_settings` is what is set on its alarms at this moment; None when AWS was not asked.
    `unsteady` names the probes that were just read and are not inside. `levers` names places
    whose safety lever was just seen to be engaged at AWS.
    `is_reissue` asks about a start whose outcome is unknown: the run is then no longer
    scheduled, and every other rule holds unchanged.
    """
    experiment = run.experiment
    exercise = experiment.exercise
    account, places = experiment.deployment.place.account, run.places()
    definition = run.revision.plan["definition"]
    duration_s = planned_duration_s(definition)
    policy = current_policy()
    approval = approval_of(experiment, now=now)
    facts = RunFacts(
        is_rehearsal=run.is_rehearsal,
        state=RunState.SCHEDULED if is_reissue else RunState(run.state),
        stop_requested=run.stop_requested_at is not None or exercise.stopped_at is not None,
        due_at=run.scheduled_at,
        exercise_phase=exercise.phase,
        exercise_kind=exercise.kind,
        window=exercise.window,
        planned_wall_s=planned_wall(duration_s).total_seconds(),
        environment=account.environment,
        account_ids=run.account_ids,
        team_id=experiment.application.team_id,
        target_count=target_count,
        target_cap=experiment.target_cap,
        is_current_content=(
            experiment.status == "proposed" and experiment.revision_id == run.revision_id
        ),
        going_live=go_refusals(run, now=now),
        unwatched=watch_problem(*places, now=now),
        accounts_changed=_accounts_changed(run, places),
        policy=policy_refusals(experiment, definition, approval, policy, starts_at=now),
        are_alarms_as_seen=alarm_settings in {None, alarm_settings_seen(run) or alarm_settings},
        unsteady=unsteady,
        incidents=tuple(incident.title for incident in incidents_holding(experiment)),
        hooks=hook_refusals(run, now=now) if target_count is not None or is_reissue else (),
        ladder="" if run.is_rehearsal else ladder_problem(experiment, now=now),
        levers=tuple(dict.fromkeys([*levers_engaged(places), *levers])),
    )
    return may_start(
        facts,
        approval,
        freezes_binding(experiment, now=now),
        _capacity(run, places, policy.open_per_place),
        now=now,
        grace_s=GRACE_S,
    )


def levers_engaged(places: Sequence[AccountRegion]) -> tuple[str, ...]:
    """The names of those of these places that were stopped and are not released."""
    engaged = SafetyLever.objects.filter(place__in=places, released_at__isnull=True)
    keys = set(engaged.values_list("place_id", flat=True))
    return tuple(str(place) for place in places if place.pk in keys)


def _accounts_changed(run: Run, places: Sequence[AccountRegion]) -> str:
    """Why an account may be hit no more as it was approved: levels, limits and approvals were
    asked for one environment, and where nobody looks nobody stops anything."""
    known = {place.account.account_id: place.account for place in places}
    own = run.experiment.deployment.place.account
    problems = [
        f"Account {account_id} is not known here any more."
        for account_id in run.account_ids
        if account_id not in known
    ]
    problems += [
        f"{account.name} is of another environment than {own.name} now."
        for account in known.values()
        if account.environment != own.environment
    ]
    return " ".join(problems)


def _capacity(run: Run, places: Sequence[AccountRegion], limit: int) -> CapacityFacts:
    others = (
        Run.objects.unfinished()
        .exclude(pk=run.pk)
        .exclude(state=RunState.SCHEDULED.value)
        .filter(is_rehearsal=False)
    )
    counted = {str(place): others.reaching(place).count() for place in places}
    fullest = max(counted, key=lambda name: counted[name])
    return CapacityFacts(
        open_in_account_region=counted[fullest],
        fullest=fullest,
        limit_per_account_region=limit,
        open_for_application=others.filter(
            experiment__application=run.experiment.application
        ).count(),
    )
