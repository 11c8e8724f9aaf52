"""Declare, change and lift freezes, and let one experiment run in one all the same.

Called by pages and the API. Freezes that come from a calendar are services.freeze_sources'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid, Refusal, Refused
from exercises.domain.freezes import FreezeScope, environment_problems, freezes_touching
from exercises.models import (
    CloudAccount,
    Experiment,
    FreezeException,
    FreezeWindow,
    Team,
)
from exercises.models.accounts import ENVIRONMENTS
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.queries.approvals import authors_of
from exercises.queries.freezes import facts_of, held_experiments, slot_of
from exercises.services.audit import record
from exercises.services.revisions import lock_experiment
from exercises.services.run_events import append_event

LONGEST: Final = timedelta(days=366)
LONGEST_EXCEPTION: Final = timedelta(days=14)
MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a freeze concerns; what is empty means all."""

    environments: Sequence[str] = ()
    accounts: Sequence[CloudAccount] = ()
    teams: Sequence[Team] = ()

    @property
    def team_ids(self) -> FreezeScope:
        return FreezeScope(frozenset(team.pk for team in self.teams))


def declare_freeze(
    *,
    actor: Actor,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    scope: Scope | None = None,
) -> FreezeWindow:
    """From now on nothing starts in it, and what runs when it begins is stopped.

    Raises Invalid (name, window, environments), NotAllowed.
    """
    scope = scope or Scope()
    authorize(actor, "freeze.declare", scope.team_ids)
    now = database_now()
    _check(name, reason, starts_at, ends_at, scope, now)
    with transaction.atomic():
        freeze = FreezeWindow.objects.create(
            name=name.strip(),
            reason=reason.strip(),
            starts_at=starts_at,
            ends_at=ends_at,
            environments=sorted(set(scope.environments)),
            declared_by_id=actor.user_id,
            declared_at=now,
        )
        _set_scope(freeze, scope)
        _say_what_it_holds(freeze, actor, now)
        record(actor, "freeze.declare", freeze, **_said(freeze, scope))
    return freeze


def change_freeze(
    *,
    actor: Actor,
    freeze: FreezeWindow,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    scope: Scope | None = None,
) -> FreezeWindow:
    """Another window or scope. Whoever changes it may declare the old one and the new one.

    Raises Invalid, NotAllowed, Conflict when it is over, lifted or comes from a calendar.
    """
    scope = scope or Scope()
    authorize(actor, "freeze.declare", scope_of(freeze))
    authorize(actor, "freeze.declare", scope.team_ids)
    now = database_now()
    _check(name, reason, starts_at, ends_at, scope, now)
    with transaction.atomic():
        locked = _standing(freeze, now)
        if locked.source_id is not None:
            raise Conflict("this freeze comes from a calendar and is changed there")
        locked.name, locked.reason = name.strip(), reason.strip()
        locked.starts_at, locked.ends_at = starts_at, ends_at
        locked.environments = sorted(set(scope.environments))
        locked.save(update_fields=["name", "reason", "starts_at", "ends_at", "environments"])
        _set_scope(locked, scope)
        _say_what_it_holds(locked, actor, now)
        record(actor, "freeze.change", locked, **_said(locked, scope))
    return locked


def lift_freeze(*, actor: Actor, freeze: FreezeWindow, reason: str) -> FreezeWindow:
    """Let things start again before its end. A calendar does not bring it back.

    Raises Invalid (no reason), NotAllowed, Conflict when it is over.
    """
    authorize(actor, "freeze.lift", scope_of(freeze))
    because = _reason(reason)
    now = database_now()
    with transaction.atomic():
        locked = _standing(freeze, now)
        locked.lifted_at, locked.lifted_by_id, locked.lifted_because = now, actor.user_id, because
        locked.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
        record(actor, "freeze.lift", locked, reason=because)
    return locked


def except_from_freeze(
    *,
    actor: Actor,
    freeze: FreezeWindow,
    experiment: Experiment,
    reason: str,
    valid_until: datetime,
) -> FreezeException:
    """Let one experiment, as it is written now, run in one freeze. Everything else it needs
    to start it needs still.

    Raises Invalid, NotAllowed, Refused for those who wrote or proposed it, Conflict when the
    freeze is over or does not hold it.
    """
    authorize(actor, "freeze.except", freeze)
    because = _reason(reason)
    now = database_now()
    if not now < valid_until <= now + LONGEST_EXCEPTION:
        raise Invalid("valid_until", f"from now on, within {LONGEST_EXCEPTION.days} days")
    with transaction.atomic():
        found = lock_experiment(experiment)
        standing = _standing(freeze, now)
        _refuse_own(actor, found)
        _check_is_held(standing, found)
        assert found.revision is not None, "what is proposed has a revision"
        exception = FreezeException.objects.create(
            freeze=standing,
            experiment=found,
            digest=found.revision.digest,
            reason=because,
            granted_by_id=actor.person_id,
            granted_at=now,
            valid_until=valid_until,
        )
        append_event(
            exercise=found.exercise,
            kind="freeze.excepted",
            text=f"{found.title}: may run in the freeze {standing.name}. {because}",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(
            actor,
            "freeze.except",
            exception,
            freeze=standing.pk,
            experiment=found.code,
            digest=exception.digest,
            valid_until=valid_until.isoformat(),
            reason=because,
        )
    return exception


def revoke_exception(*, actor: Actor, exception: FreezeException) -> FreezeException:
    """The freeze binds the experiment again; revoking twice is once. Raises NotAllowed."""
    authorize(actor, "freeze.except", exception.freeze)
    with transaction.atomic():
        locked = (
            FreezeException.objects.select_for_update(of=("self",), no_key=True)
            .select_related("experiment__exercise", "freeze")
            .get(pk=exception.pk)
        )
        if locked.revoked_at is not None:
            return locked
        locked.revoked_at, locked.revoked_by_id = database_now(), actor.user_id
        locked.save(update_fields=["revoked_at", "revoked_by"])
        append_event(
            exercise=locked.experiment.exercise,
            kind="freeze.exception_revoked",
            text=f"{locked.experiment.title}: the freeze {locked.freeze.name} binds it again.",
            source=actor.name,
            author_id=actor.user_id,
        )
        record(actor, "freeze.exception_revoke", locked, experiment=locked.experiment.code)
    return locked


def scope_of(freeze: FreezeWindow) -> FreezeScope:
    """Whose freeze it is, as permissions ask."""
    teams = frozenset(freeze.teams.values_list("pk", flat=True))
    return FreezeScope(teams, is_imported=freeze.source_id is not None)


def _check(
    name: str, reason: str, starts_at: datetime, ends_at: datetime, scope: Scope, now: datetime
) -> None:
    problems: list[tuple[str, str]] = []
    if not 1 <= len(name.strip()) <= 120:
        problems.append(("name", "1 to 120 characters"))
    if len(reason) > MAX_REASON:
        problems.append(("reason", f"at most {MAX_REASON} characters"))
    if ends_at <= starts_at:
        problems.append(("ends_at", "must be later than the start"))
    elif ends_at - starts_at > LONGEST:
        problems.append(("ends_at", f"a freeze lasts {LONGEST.days} days at most"))
    elif ends_at <= now:
        problems.append(("ends_at", "lies in the past: such a freeze would hold nothing"))
    problems += environment_problems(scope.environments, dict(ENVIRONMENTS))
    if problems:
        raise Invalid.of(problems)


def _reason(reason: str) -> str:
    if not 5 <= len(reason.strip()) <= MAX_REASON:
        raise Invalid("reason", f"say why, in 5 to {MAX_REASON} characters")
    return reason.strip()


def _set_scope(freeze: FreezeWindow, scope: Scope) -> None:
    freeze.accounts.set(scope.accounts)
    freeze.teams.set(scope.teams)


def _said(freeze: FreezeWindow, scope: Scope) -> dict[str, object]:
    return {
        "name": freeze.name,
        "window": [freeze.starts_at.isoformat(), freeze.ends_at.isoformat()],
        "environments": freeze.environments,
        "accounts": [account.account_id for account in scope.accounts],
        "teams": [team.slug for team in scope.teams],
    }


def _standing(freeze: FreezeWindow, now: datetime) -> FreezeWindow:
    locked = FreezeWindow.objects.select_for_update(of=("self",), no_key=True).get(pk=freeze.pk)
    if locked.lifted_at is not None:
        raise Conflict("this freeze was lifted")
    if locked.ends_at <= now:
        raise Conflict("this freeze is over")
    return locked


def _say_what_it_holds(freeze: FreezeWindow, actor: Actor, now: datetime) -> None:
    """One line in the log of each exercise it touches."""
    held: dict[int, list[Experiment]] = {}
    for experiment in held_experiments(facts_of(freeze), now=now):
        held.setdefault(experiment.exercise_id, []).append(experiment)
    for experiments in held.values():
        append_event(
            exercise=experiments[0].exercise,
            kind="freeze.holds",
            text=f"The freeze {freeze.name} holds {', '.join(e.title for e in experiments)}.",
            source=actor.name,
            author_id=actor.user_id,
        )


def _refuse_own(actor: Actor, experiment: Experiment) -> None:
    if actor.person_id in authors_of([experiment])[experiment.pk]:
        raise Refused(
            Refusal(
                "freeze.own_exception",
                "You wrote or proposed this experiment.",
                "Another programme lead grants the exception.",
            )
        )


def _check_is_held(freeze: FreezeWindow, experiment: Experiment) -> None:
    touching = freezes_touching(
        [facts_of(freeze)],
        slot_of(experiment),
        environment=experiment.deployment.place.account.environment,
        account_ids=experiment.account_ids,
        team_id=experiment.application.team_id,
    )
    if experiment.status != "proposed" or not touching:
        raise Conflict("this freeze does not hold that experiment")
