"""Ready to go live? Each thing that must be true before Go, and what would make it true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from exercises.domain.exercise_phases import Phase
from exercises.domain.times import Window
from exercises.models import Exercise, Experiment, FreezeException
from exercises.queries.approvals import approvals_of
from exercises.queries.freezes import (
    exception_facts,
    exceptions_used,
    freeze_facts,
    freezes_holding,
)
from exercises.queries.game_rounds import is_all_table_top
from exercises.queries.going_live import Poll, no_go_for, poll_of
from exercises.queries.incidents import incidents_holding, open_incidents
from exercises.queries.preflight import preflight_of
from exercises.queries.watching import (
    RESTORED,
    is_being_looked_at,
    open_recovery,
    sight_problem,
)


@dataclass(frozen=True, slots=True)
class ReadinessItem:
    """One line of the list. `blocks` says whether Go is refused while it is open."""

    key: str
    label: str
    status: str
    detail: str = ""
    lifted_by: str = ""
    blocks: bool = False


def experiments_of(exercise: Exercise) -> list[Experiment]:
    """The proposed experiments of an exercise with everything its rules ask for."""
    return list(exercise.experiments.filter(status="proposed").with_all())


def ready_experiments(exercise: Exercise, *, now: datetime) -> list[Experiment]:
    """The experiments that a Go at this moment would start: approved, and no no-go."""
    experiments = experiments_of(exercise)
    status = approvals_of(experiments, now=now)
    held = no_go_for(exercise, experiments)
    return [e for e in experiments if e.revision and status[e.pk].is_complete and e.pk not in held]


def readiness_of(exercise: Exercise, *, now: datetime) -> list[ReadinessItem]:
    """The list, in the order it is shown."""
    experiments = experiments_of(exercise)
    statuses = approvals_of(experiments, now=now)
    approved = [e for e in experiments if statuses[e.pk].is_complete]
    held = no_go_for(exercise, approved)
    starting = [e for e in approved if e.pk not in held]
    return [
        _phase_item(exercise),
        _window_item(exercise, now),
        _freeze_item(exercise, experiments, now),
        _incident_item(experiments),
        _on_call_item(exercise),
        _poll_item(poll_of(exercise), is_held=bool(approved) and not starting),
        _watch_item(starting, now),
        _approval_item(len(approved), len(experiments))
        if experiments or not is_all_table_top(exercise)
        else NOTHING_INJECTED,
        _preflight_item(experiments, starting, now),
    ]


def _phase_item(exercise: Exercise) -> ReadinessItem:
    ready = exercise.phase == Phase.PREFLIGHT.value
    return ReadinessItem(
        key="exercise.not_in_preflight",
        label="Plan agreed and pre-flight open",
        status="ok" if ready else "pending",
        detail="" if ready else f"The exercise is in phase {exercise.phase}.",
        lifted_by="Open pre-flight.",
        blocks=not ready,
    )


def _window_item(exercise: Exercise, now: datetime) -> ReadinessItem:
    inside = exercise.starts_at <= now < exercise.ends_at
    return ReadinessItem(
        key="window.outside",
        label="Inside the exercise's window",
        status="ok" if inside else "pending",
        detail="" if inside else "Go is possible only inside the window.",
        lifted_by="Wait for the window, or plan another one.",
        blocks=not inside,
    )


def _incident_item(experiments: list[Experiment]) -> ReadinessItem:
    incidents = list(open_incidents().prefetch_related("accounts", "teams"))
    held = {i.title for e in experiments for i in incidents_holding(e, incidents)}
    return ReadinessItem(
        key="incident.open",
        label="No open incident",
        status="fail" if held else "ok",
        detail=", ".join(sorted(held)),
        lifted_by="Wait until it is resolved.",
    )


def _freeze_item(exercise: Exercise, experiments: list[Experiment], now: datetime) -> ReadinessItem:
    freezes, exceptions = freeze_facts(now), exception_facts(experiments)
    window = (
        Window(max(now, exercise.starts_at), exercise.ends_at)
        if (now < exercise.ends_at)
        else exercise.window
    )
    hits = {
        freeze.name
        for experiment in experiments
        for freeze in freezes_holding(
            experiment, window, now=now, freezes=freezes, exceptions=exceptions
        )
    }
    excepted = exceptions_used(experiments, window, now=now)
    return ReadinessItem(
        key="freeze.active",
        label="Every freeze in the window has its exceptions"
        if excepted and not hits
        else "No freeze in the window",
        status="fail" if hits else "ok",
        detail=". ".join(
            [
                *([", ".join(sorted(hits))] if hits else []),
                *(_exception_words(row, exercise) for row in excepted),
            ]
        ),
        lifted_by="Wait until the freeze ends, or lift it.",
        blocks=bool(hits),
    )


def _exception_words(row: FreezeException, exercise: Exercise) -> str:
    until = row.valid_until.astimezone(ZoneInfo(exercise.timezone))
    return (
        f"“{row.experiment.title}” may run in {row.freeze.name} until {until:%-d %b, %H:%M %Z},"
        f" by {row.granted_by.name}: {row.reason}"
    )


def _on_call_item(exercise: Exercise) -> ReadinessItem:
    accepted = list(exercise.participations.filter(answer="accepted").select_related("application"))
    unnamed = [p.application.name for p in accepted if not p.on_call]
    silent = [p.application.name for p in accepted if p.on_call and not p.acknowledged_at]
    detail = [
        *([f"Not named: {', '.join(unnamed)}."] if unnamed else []),
        *([f"Not acknowledged: {', '.join(silent)}."] if silent else []),
    ]
    return ReadinessItem(
        key="participants.on_call",
        label=f"On-call named and there for all {len(accepted)} applications",
        status="warn" if detail else "ok",
        detail=" ".join(detail),
        lifted_by="Each team names who is on call; they acknowledge from one hour before.",
    )


def _poll_item(poll: Poll, *, is_held: bool) -> ReadinessItem:
    no_go = [line.participation.application.name for line in poll.no_go]
    open_ = [line.participation.application.name for line in poll.unanswered]
    detail = [
        *([f"No-go: {', '.join(no_go)}."] if no_go else []),
        *([f"Not answered: {', '.join(open_)}."] if open_ else []),
    ]
    return ReadinessItem(
        key="poll.open",
        label=f"Go from all {len(poll.lines)} applications",
        status="fail" if is_held else ("warn" if no_go else ("pending" if open_ else "ok")),
        detail=" ".join(detail),
        lifted_by="No-go holds everything."
        if is_held
        else "No-go holds only what is theirs."
        if no_go
        else "Each team says go or no-go.",
        blocks=is_held,
    )


def _watch_item(approved: list[Experiment], now: datetime) -> ReadinessItem:
    places = {place.pk: place for e in approved for place in e.places()}
    unseen = [place for place in places.values() if sight_problem(place, now=now)]
    texts = [sight_problem(place, now=now) for place in unseen]
    is_early = all(is_being_looked_at(place, now=now) for place in unseen)
    lifted_by = "Wait for the next look at the account, or put its roles right."
    if open_recovery() is not None:
        texts, is_early, lifted_by = [RESTORED], False, ""
    return ReadinessItem(
        key="account.unwatched",
        label="Every account can be watched",
        status="ok" if not texts else "pending" if is_early else "fail",
        detail=" ".join(texts),
        lifted_by=lifted_by,
        blocks=bool(texts),
    )


NOTHING_INJECTED: Final = ReadinessItem(
    key="approval.missing",
    label="Table-top rounds alone",
    status="ok",
    detail="Nothing is injected, so nothing needs an approval",
    lifted_by="",
    blocks=False,
)


def _approval_item(approved: int, total: int) -> ReadinessItem:
    return ReadinessItem(
        key="approval.missing",
        label="All experiments approved" if total else "At least one experiment proposed",
        status="ok" if total and approved == total else ("warn" if approved else "pending"),
        detail="" if total and approved == total else f"{approved} of {total} approved",
        lifted_by="Only what is approved will start."
        if approved
        else "At least one experiment needs all of its approvals.",
        blocks=approved == 0,
    )


def _preflight_item(
    experiments: list[Experiment], starting: list[Experiment], now: datetime
) -> ReadinessItem:
    found = preflight_of(starting, moment=lambda _: now)
    failed = [e.title for e in starting if found[e.pk].failed]
    stale = [e.title for e in starting if found[e.pk].stale]
    open_ = [e for e in starting if found[e.pk].in_the_way]
    detail = [
        f"{e.title}: {found[e.pk].in_the_way[0].said}"
        + (f" and {more} more" if (more := len(found[e.pk].in_the_way) - 1) else "")
        for e in open_
    ]
    return ReadinessItem(
        key="preflight.failed",
        label="Pre-flight checks pass",
        status="fail" if failed else ("warn" if stale else ("pending" if open_ else "ok")),
        detail=". ".join(detail),
        lifted_by="Run the checks again and put right what fails.",
        blocks=bool(open_) and bool(experiments),
    )
