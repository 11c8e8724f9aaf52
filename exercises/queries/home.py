"""What the first page shows. Used by web.home; a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.capacities import OrgRole, TeamRole
from exercises.domain.exercise_phases import BEFORE_LIVE, Phase
from exercises.domain.finding_states import FindingState
from exercises.domain.timeline import planned_duration_s
from exercises.models import (
    Exercise,
    Finding,
    FreezeWindow,
    GoRequest,
    Participation,
    PreflightCheck,
    Run,
)
from exercises.queries.exercise_plan import ExperimentRow, experiment_rows
from exercises.queries.inbox import Waiting, waiting
from exercises.queries.live_strip import UNDER_WAY
from exercises.queries.organisation_day import organisation_day
from exercises.queries.preflight import acknowledges_from
from exercises.queries.programme import Programme, programme_of
from exercises.queries.steady_now import SteadyNow, steady_now

AT_MOST: Final = 8
_DONE: Final = (FindingState.VERIFIED, FindingState.DISMISSED)


@dataclass(frozen=True)
class RunningNow:
    """A run the engine is busy with."""

    run: Run
    steady: SteadyNow
    elapsed_s: float
    planned_s: int

    @property
    def percent(self) -> float:
        return min(100.0, self.elapsed_s / self.planned_s * 100) if self.planned_s else 0.0

    @property
    def steady_key(self) -> str:
        """The key of `web.looks`."""
        if self.steady.is_outside:
            return "outside"
        return "inside" if self.steady.inside == len(self.steady.probes) else "unknown"

    @property
    def steady_words(self) -> str:
        """What is outside, by name; else how many are inside."""
        outside = [p.spec.name for p in self.steady.probes if p.key == "outside"]
        if outside:
            return outside[0] if len(outside) == 1 else f"{len(outside)} outside"
        if not self.steady.is_measured:
            return "Not measured yet"
        return f"{self.steady.inside} of {len(self.steady.probes)} inside"

    @property
    def exercise(self) -> Exercise:
        return self.run.experiment.exercise


@dataclass(frozen=True)
class NextExercise:
    """The exercise whose window opens next."""

    exercise: Exercise
    rows: tuple[ExperimentRow, ...]
    participations: tuple[Participation, ...]


@dataclass(frozen=True)
class ComingUp:
    """A line of the calendar: an exercise or a freeze."""

    at: datetime
    exercise: Exercise | None = None
    freeze: FreezeWindow | None = None


@dataclass(frozen=True)
class Home:
    running: tuple[RunningNow, ...]
    to_start: tuple[Exercise, ...]
    to_confirm: tuple[GoRequest, ...]
    to_answer: tuple[Participation, ...]
    approvals: tuple[Waiting, ...]
    invitations: tuple[Participation, ...]
    failed_checks: tuple[PreflightCheck, ...]
    findings: tuple[Finding, ...]
    next: NextExercise | None
    coming_up: tuple[ComingUp, ...]
    programme: Programme

    @property
    def need_count(self) -> int:
        needs = (
            self.to_start,
            self.to_confirm,
            self.to_answer,
            self.approvals,
            self.invitations,
            self.failed_checks,
            self.findings,
        )
        return sum(map(len, needs))


def home_of(actor: Actor, *, now: datetime) -> Home:
    """Everything on the first page of this person at this moment."""
    ahead = list(
        Exercise.objects.visible_to(actor)
        .filter(phase__in=BEFORE_LIVE, ends_at__gt=now)
        .select_related("lead")
        .order_by("starts_at", "pk")[:AT_MOST]
    )
    return Home(
        running=_running(actor, now),
        to_start=_to_start(actor, ahead, now),
        to_confirm=_to_confirm(actor, now),
        to_answer=_to_answer(actor, now),
        approvals=tuple(waiting(actor, now=now)),
        invitations=_invitations(actor, now),
        failed_checks=_failed_checks(actor, now),
        findings=_findings(actor, now),
        next=_next(actor, ahead, now),
        coming_up=_coming_up(ahead, now),
        programme=programme_of(actor, now=now),
    )


def _running(actor: Actor, now: datetime) -> tuple[RunningNow, ...]:
    runs = list(
        Run.objects.visible_to(actor)
        .filter(state__in=UNDER_WAY, is_rehearsal=False)
        .select_related("revision", "experiment__exercise", "experiment__application__team")
        .order_by("started_at", "scheduled_at")
    )
    steady = steady_now(runs, now=now)
    speed = settings.CHAOSPLANE_TIME_SPEED
    return tuple(
        RunningNow(
            run=run,
            steady=steady[run.pk],
            elapsed_s=max(0.0, (now - run.started_at).total_seconds() * speed)
            if run.started_at
            else 0.0,
            planned_s=planned_duration_s(run.revision.plan["definition"]),
        )
        for run in runs
    )


def _answering_teams(actor: Actor) -> list[int]:
    """The teams this person answers for; the rights of a programme lead are not a duty."""
    return [team for team, role in actor.team_roles.items() if role in {"operator", "owner"}]


def _invitations(actor: Actor, now: datetime) -> tuple[Participation, ...]:
    found = (
        Participation.objects.filter(
            answer="invited",
            application__team__in=_answering_teams(actor),
            exercise__phase__in=BEFORE_LIVE,
            exercise__ends_at__gt=now,
        )
        .select_related("exercise", "application")
        .order_by("exercise__starts_at", "pk")
    )
    return tuple(found[:AT_MOST])


def _failed_checks(actor: Actor, now: datetime) -> tuple[PreflightCheck, ...]:
    """Failed answers on present content: of the own teams, and of exercises one leads."""
    found = (
        PreflightCheck.objects.filter(
            status="fail",
            experiment__status="proposed",
            experiment__exercise__phase__in=BEFORE_LIVE,
            experiment__exercise__ends_at__gt=now,
        )
        .select_related("experiment__exercise", "experiment__application", "experiment__revision")
        .order_by("-checked_at", "pk")
    )
    teams = set(actor.team_roles)
    return tuple(
        check
        for check in found
        if check.experiment.revision
        and check.digest == check.experiment.revision.digest
        and (
            check.experiment.application.team_id in teams
            or check.experiment.exercise.lead_id == actor.user_id
        )
    )[:AT_MOST]


def _findings(actor: Actor, now: datetime) -> tuple[Finding, ...]:
    """Of the own teams: drafted by a run and not yet accepted, or past their day."""
    today = organisation_day(now)
    mine = (
        Finding.objects.visible_to(actor)
        .filter(application__team__in=list(actor.team_roles))
        .exclude(state__in=[state.value for state in _DONE])
        .select_related("application")
    )
    drafts = mine.filter(state=FindingState.DRAFT.value)
    overdue = mine.filter(due_on__lt=today)
    return tuple((drafts | overdue).order_by("due_on", "-created_at")[:AT_MOST])


def _to_start(actor: Actor, ahead: Sequence[Exercise], now: datetime) -> tuple[Exercise, ...]:
    """The exercises of this lead whose window is open and that wait for their Go."""
    return tuple(
        exercise
        for exercise in ahead
        if exercise.lead_id == actor.user_id
        and exercise.phase == Phase.PREFLIGHT.value
        and exercise.kind != "self_service"
        and exercise.starts_at <= now
    )


def _to_confirm(actor: Actor, now: datetime) -> tuple[GoRequest, ...]:
    """A Go that waits for this person as the second one."""
    waiting = GoRequest.objects.filter(
        valid_until__gt=now, exercise__went_live_at__isnull=True, pair__isnull=True
    ).exclude(said_by_id=actor.user_id)
    if OrgRole.SAFETY_OFFICER.value not in actor.org_roles:
        waiting = waiting.filter(exercise__safety_officer_id=actor.user_id)
    newest = {r.exercise_id: r for r in waiting.select_related("exercise", "said_by")[::-1]}
    return tuple(newest.values())


def _to_answer(actor: Actor, now: datetime) -> tuple[Participation, ...]:
    """The teams of this person that owe their go or no-go, or whose on-call is not there yet."""
    teams = [pk for pk, role in actor.team_roles.items() if role != TeamRole.MEMBER.value]
    rows = (
        Participation.objects.filter(
            Q(application__team__in=teams) | Q(on_call_person_id=actor.user_id),
            answer="accepted",
            exercise__phase__in=[Phase.PREFLIGHT.value, Phase.LIVE.value],
            exercise__ends_at__gt=now,
        )
        .filter(Q(is_go__isnull=True) | Q(acknowledged_at__isnull=True))
        .select_related("exercise", "application")
        .order_by("exercise__starts_at", "pk")
    )
    return tuple(row for row in rows[:AT_MOST] if row.is_go is None or _is_time(row, now))


def _is_time(row: Participation, now: datetime) -> bool:
    return bool(row.on_call) and now >= acknowledges_from(row.exercise)


def _next(actor: Actor, ahead: Sequence[Exercise], now: datetime) -> NextExercise | None:
    exercise = next((e for e in ahead if e.kind != "self_service"), None)
    if exercise is None:
        return None
    return NextExercise(
        exercise=exercise,
        rows=experiment_rows(actor, exercise, now=now),
        participations=tuple(exercise.participations.all()),
    )


def _coming_up(ahead: Sequence[Exercise], now: datetime) -> tuple[ComingUp, ...]:
    freezes = FreezeWindow.objects.filter(lifted_at__isnull=True, ends_at__gt=now)
    lines = [ComingUp(exercise.starts_at, exercise=exercise) for exercise in ahead]
    lines += [
        ComingUp(freeze.starts_at, freeze=freeze)
        for freeze in freezes.order_by("starts_at")[:AT_MOST]
        if freeze.starts_at < now + timedelta(days=90)
    ]
    return tuple(sorted(lines, key=lambda line: line.at)[:AT_MOST])
