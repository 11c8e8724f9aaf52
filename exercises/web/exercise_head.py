"""The head every page of an exercise shares: phases, tabs, and the step that comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import Http404

from exercises.domain.actors import Actor
from exercises.domain.exercise_phases import BEFORE_LIVE, ORDER, OVER, Phase, next_phase
from exercises.models import Exercise
from exercises.models.due_work import database_now
from exercises.permissions import may
from exercises.queries.exercise_plan import ExperimentRow, exercise_of
from exercises.queries.game_rounds import is_all_table_top
from exercises.queries.going_live import open_request
from exercises.queries.live_strip import UNDER_WAY
from exercises.queries.zones import zone_words_in
from exercises.web.formats import clock, day

_ONWARD: Final = {
    Phase.JOIN: "Open for teams",
    Phase.APPROVE: "Start approvals",
    Phase.PREFLIGHT: "Open pre-flight",
    Phase.LIVE: "Go live",
    Phase.DEBRIEF: "Open debrief",
    Phase.CLOSED: "Close exercise",
}
"""What the button to each phase says."""


@dataclass(frozen=True)
class Step:
    """One phase of the stepper; `mark` is done, now or empty."""

    label: str
    note: str
    mark: str


@dataclass(frozen=True)
class NextStep:
    """The button to the next phase, and why it cannot be pressed yet."""

    to: Phase
    label: str
    why_not: str

    @property
    def is_go(self) -> bool:
        return self.to is Phase.LIVE


def find_exercise(actor: Actor, slug: str) -> Exercise:
    """The exercise, or "not found": what one may not see does not exist."""
    exercise = exercise_of(actor, slug)
    if exercise is None:
        raise Http404("no such exercise")
    return exercise


def head(actor: Actor, exercise: Exercise, rows: Sequence[ExperimentRow]) -> dict[str, Any]:
    """The context of templates/exercises/_head.html."""
    participations = list(exercise.participations.select_related("application__team"))
    proposed = [row for row in rows if row.experiment.status == "proposed"]
    leads = may(actor, "exercise.advance", exercise)
    phase = Phase(exercise.phase)
    asked = open_request(exercise, now=database_now()) if phase is Phase.PREFLIGHT else None
    return {
        "exercise": exercise,
        "zone_words": zone_words_in(exercise.region, exercise.az),
        "rows": rows,
        "participations": participations,
        "joined_count": sum(p.answer == "accepted" for p in participations),
        "proposed_count": len(proposed),
        "approved_count": sum(row.approval.is_complete for row in proposed),
        "steps": steps(exercise, rows, participations),
        "next_step": _next_step(exercise, proposed) if leads else None,
        "may_lead": leads,
        "asked": asked,
        "may_confirm": asked is not None
        and asked.said_by_id != actor.user_id
        and may(actor, "exercise.confirm_go", exercise),
        "may_cancel": leads and phase in BEFORE_LIVE,
        "takes_proposals": phase in BEFORE_LIVE
        or (phase is Phase.LIVE and exercise.stopped_at is None),
        "may_resume": may(actor, "schedule.resume"),
        "has_ended": phase in OVER,
        "clock_style": "clock"
        if settings.CHAOSPLANE_TIME_SPEED == 1 or exercise.is_imported
        else "clock_s",
    }


def steps(
    exercise: Exercise, rows: Sequence[ExperimentRow] = (), participations: Sequence[Any] = ()
) -> list[Step]:
    """The phases in order with what is known of each."""
    phase = Phase(exercise.phase)
    if phase is Phase.CANCELLED:
        return []
    proposed = [row for row in rows if row.experiment.status == "proposed"]
    approved = sum(row.approval.is_complete for row in proposed)
    checked = sum(row.preflight.status == "ok" for row in proposed)
    joined = sum(p.answer == "accepted" for p in participations)
    opens = f"{day(exercise.starts_at, exercise.timezone)}, "
    notes = {
        Phase.PLAN: f"by {exercise.lead.name}",
        Phase.LIVE: opens + clock(exercise.starts_at, exercise.timezone),
        Phase.JOIN: f"{joined} joined" if participations else "",
        Phase.APPROVE: f"{approved} of {len(proposed)} approved" if proposed else "",
        Phase.PREFLIGHT: f"{checked} of {len(proposed)} passed"
        if proposed and (checked or phase not in OVER)
        else "",
    }
    here = ORDER.index(phase)
    finished = phase is Phase.CLOSED
    return [
        Step(
            label="Close" if step is Phase.CLOSED else step.label,
            note=notes.get(step, ""),
            mark="done" if place < here or finished else ("now" if place == here else ""),
        )
        for place, step in enumerate(ORDER)
    ]


def _next_step(exercise: Exercise, proposed: Sequence[ExperimentRow]) -> NextStep | None:
    to = next_phase(Phase(exercise.phase))
    if to is None:
        return None
    why_not = ""
    is_any_approved = any(row.approval.is_complete for row in proposed)
    if to is Phase.PREFLIGHT and not is_any_approved and not is_all_table_top(exercise):
        why_not = "At least one experiment needs all of its approvals first."
    running = sum(row.run is not None and row.run.state in UNDER_WAY for row in proposed)
    if to is Phase.DEBRIEF and running:
        why_not = f"{running} still running; Stop them or wait."
    return NextStep(to, _ONWARD[to], why_not)
