"""Freezes as the rules take them, what each holds, and the list of them.

The start gate, the policy list, readiness and services.freezes all ask here, so that an
exception counts for all of them or for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.errors import Invalid
from exercises.domain.exercise_phases import OVER
from exercises.domain.freezes import (
    ExceptionFacts,
    FreezeFacts,
    freezes_touching,
    without_excepted,
)
from exercises.domain.run_states import TERMINAL
from exercises.domain.timeline import planned_duration_s
from exercises.domain.times import Window
from exercises.models import (
    Experiment,
    FreezeException,
    FreezeSource,
    FreezeWindow,
    Incident,
    Run,
)
from exercises.permissions import may
from exercises.queries.plans import planned_start, planned_wall


def facts_of(freeze: FreezeWindow) -> FreezeFacts:
    """One freeze for the rules; prefetch accounts and teams for many."""
    return FreezeFacts(
        id=freeze.pk,
        name=freeze.name,
        window=Window(freeze.starts_at, freeze.ends_at),
        environments=frozenset(freeze.environments),
        account_ids=frozenset(account.account_id for account in freeze.accounts.all()),
        team_ids=frozenset(team.pk for team in freeze.teams.all()),
    )


def freeze_facts(now: datetime) -> list[FreezeFacts]:
    """Every freeze that is neither lifted nor over, as facts for the rules."""
    standing = FreezeWindow.objects.filter(lifted_at__isnull=True, ends_at__gt=now)
    return [facts_of(freeze) for freeze in standing.prefetch_related("accounts", "teams")]


def exception_facts(experiments: Iterable[Experiment]) -> list[ExceptionFacts]:
    """What these experiments were excepted from."""
    saved = [e.pk for e in experiments if e.pk is not None]
    rows = FreezeException.objects.filter(experiment__in=saved, revoked_at__isnull=True)
    return [_exception(row) for row in rows]


def _exception(row: FreezeException) -> ExceptionFacts:
    return ExceptionFacts(row.freeze_id, row.experiment_id, row.digest, row.valid_until)


def exceptions_used(
    experiments: Iterable[Experiment], window: Window, *, now: datetime
) -> list[FreezeException]:
    """What lets these experiments run in this window although a freeze lies in it."""
    digests = {e.pk: e.revision.digest for e in experiments if e.revision}
    rows = FreezeException.objects.filter(
        experiment__in=list(digests),
        revoked_at__isnull=True,
        freeze__lifted_at__isnull=True,
        freeze__starts_at__lt=window.ends_at,
        freeze__ends_at__gt=window.starts_at,
    )
    return [
        row
        for row in rows.select_related("freeze", "experiment", "granted_by")
        if _exception(row).holds(
            experiment_id=row.experiment_id, digest=digests[row.experiment_id], now=now
        )
    ]


def freezes_binding(
    experiment: Experiment,
    *,
    now: datetime,
    freezes: Sequence[FreezeFacts] | None = None,
    exceptions: Sequence[ExceptionFacts] | None = None,
) -> list[FreezeFacts]:
    """The freezes that bind an experiment: all but those it is excepted from now."""
    return without_excepted(
        freeze_facts(now) if freezes is None else freezes,
        exception_facts([experiment]) if exceptions is None else exceptions,
        experiment_id=experiment.pk,
        digest=experiment.revision.digest if experiment.revision else "",
        now=now,
    )


def freezes_holding(
    experiment: Experiment,
    window: Window,
    *,
    now: datetime,
    freezes: Sequence[FreezeFacts] | None = None,
    exceptions: Sequence[ExceptionFacts] | None = None,
) -> list[FreezeFacts]:
    """The freezes that forbid this experiment to run in this window."""
    return freezes_touching(
        freezes_binding(experiment, now=now, freezes=freezes, exceptions=exceptions),
        window,
        environment=experiment.deployment.place.account.environment,
        account_ids=experiment.account_ids,
        team_id=experiment.application.team_id,
    )


def slot_of(experiment: Experiment) -> Window:
    """From its slot to its end; the exercise's window while the plan cannot be built."""
    revision = experiment.revision
    try:
        duration_s = planned_duration_s(revision.plan["definition"]) if revision else 0
    except Invalid:
        duration_s = 0
    if not duration_s:
        return experiment.exercise.window
    starts_at = planned_start(experiment)
    return Window(starts_at, starts_at + planned_wall(duration_s))


def held_by_freeze(
    experiments: Sequence[Experiment], *, now: datetime
) -> Mapping[int, tuple[FreezeFacts, ...]]:
    """By experiment, the freezes in its slot. Two queries and two prefetches in all."""
    freezes, exceptions = freeze_facts(now), exception_facts(experiments)
    found = {
        e.pk: tuple(freezes_holding(e, slot_of(e), now=now, freezes=freezes, exceptions=exceptions))
        for e in experiments
    }
    return {pk: hits for pk, hits in found.items() if hits}


def experiments_ahead() -> QuerySet[Experiment]:
    """What is proposed and neither ran nor is over: a freeze can still hold it."""
    return (
        Experiment.objects.filter(status="proposed", exercise__is_imported=False)
        .exclude(exercise__phase__in=OVER)
        .exclude(runs__in=Run.objects.filter(is_rehearsal=False, state__in=TERMINAL))
        .select_related(
            "exercise", "application__team", "revision", "deployment__place__account", "proposed_by"
        )
    )


def held_experiments(freeze: FreezeFacts, *, now: datetime) -> list[Experiment]:
    """The experiments ahead that this freeze holds, in the order of their slots."""
    ahead = list(experiments_ahead().filter(exercise__starts_at__lt=freeze.window.ends_at))
    exceptions = exception_facts(ahead)
    held = [
        e
        for e in ahead
        if freezes_holding(e, slot_of(e), now=now, freezes=[freeze], exceptions=exceptions)
    ]
    return sorted(held, key=lambda e: (slot_of(e).starts_at, e.pk))


# -- Pages ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class FreezeRow:
    """A freeze as lists show it: `status` is now, coming, past or lifted."""

    freeze: FreezeWindow
    status: str
    scope: tuple[str, ...]


def reason_shown(actor: Actor, freeze: FreezeWindow) -> str:
    """Its reason; of a calendar elsewhere, which may hold anything, for who imports them."""
    is_for_all = freeze.source_id is None or may(actor, "freeze.import")
    return freeze.reason if is_for_all else ""


def freeze_status(freeze: FreezeWindow, *, now: datetime) -> str:
    if freeze.lifted_at is not None:
        return "lifted"
    if now < freeze.starts_at:
        return "coming"
    return "now" if now < freeze.ends_at else "past"


def scope_words(thing: FreezeWindow | FreezeSource | Incident) -> tuple[str, ...]:
    """Whom it concerns, each dimension that is narrowed in words; nothing means everyone."""
    names = [
        ", ".join(sorted(team.name for team in thing.teams.all())),
        ", ".join(sorted(account.name for account in thing.accounts.all())),
        ", ".join(thing.environments),
    ]
    return tuple(filter(None, names))


def freezes_shown(*, show: str, now: datetime) -> QuerySet[FreezeWindow]:
    """Now, coming, past (which are also the lifted ones) or all."""
    rows = FreezeWindow.objects.select_related("declared_by", "source")
    rows = rows.prefetch_related("accounts", "teams")
    standing = Q(lifted_at__isnull=True)
    if show == "now":
        return rows.filter(standing, starts_at__lte=now, ends_at__gt=now)
    if show == "coming":
        return rows.filter(standing, starts_at__gt=now)
    if show == "past":
        return rows.filter(~standing | Q(ends_at__lte=now)).order_by("-starts_at")
    return rows.order_by("-starts_at")


def freeze_counts(*, now: datetime) -> dict[str, int]:
    return {show: freezes_shown(show=show, now=now).count() for show in ("now", "coming", "past")}


def row_of(freeze: FreezeWindow, *, now: datetime) -> FreezeRow:
    return FreezeRow(freeze, freeze_status(freeze, now=now), scope_words(freeze))


@dataclass(frozen=True)
class FreezeDetail:
    """One freeze, what it holds (only what the actor may see), and its exceptions."""

    row: FreezeRow
    held: tuple[Experiment, ...]
    exceptions: tuple[tuple[FreezeException, str], ...]


def freeze_detail(actor: Actor, freeze: FreezeWindow, *, now: datetime) -> FreezeDetail:
    held: list[Experiment] = []
    row = row_of(freeze, now=now)
    if row.status in {"now", "coming"}:
        found = held_experiments(facts_of(freeze), now=now)
        seen = set(
            Experiment.objects.visible_to(actor)
            .filter(pk__in=[e.pk for e in found])
            .values_list("pk", flat=True)
        )
        held = [e for e in found if e.pk in seen]
    exceptions = freeze.exceptions.select_related(
        "experiment__application", "experiment__revision", "granted_by"
    ).filter(experiment__in=Experiment.objects.visible_to(actor))
    return FreezeDetail(
        row, tuple(held), tuple((each, exception_status(each, now=now)) for each in exceptions)
    )


def exception_status(row: FreezeException, *, now: datetime) -> str:
    """stands, revoked, expired, or void because the experiment was edited since."""
    if row.revoked_at is not None:
        return "revoked"
    if now >= row.valid_until:
        return "expired"
    revision = row.experiment.revision
    return "stands" if revision and revision.digest == row.digest else "void"
