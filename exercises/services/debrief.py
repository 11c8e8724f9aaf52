"""Opens the debrief of every exercise that has nothing left to do, and keeps its answers.

A game day waits for its table-top rounds, too, unless Stop all ended it.

Opened by the tick: a verdict, a stop and a skipped slot can each be the last thing an
exercise waited for, and whoever did it may have died right after.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from exercises.domain.actors import Actor
from exercises.domain.errors import Conflict, Invalid
from exercises.domain.exercise_phases import Phase, move
from exercises.failpoints import failpoint
from exercises.models import DebriefAnswers, Exercise, GameRound, Run
from exercises.models.debriefs import RESILIENT
from exercises.models.due_work import database_now
from exercises.models.runs import TERMINAL_VALUES
from exercises.permissions import authorize
from exercises.queries.game_rounds import rounds_still_to_play
from exercises.services.audit import record
from exercises.services.run_events import append_event

MAX_ANSWER = 2000


def open_due_debriefs() -> None:
    """Move on what is live and has only runs that ended and were judged, or never began."""
    for exercise_id in _done().values_list("pk", flat=True):
        with transaction.atomic():
            locked = (
                _done().select_for_update(of=("self",), no_key=True).filter(pk=exercise_id).first()
            )
            if locked is not None:
                _open(locked)
                failpoint("debrief.before_commit")


def _done() -> QuerySet[Exercise]:
    runs = Run.objects.filter(experiment__exercise=OuterRef("pk"), is_rehearsal=False)
    waits = runs.filter(
        ~Q(state__in=TERMINAL_VALUES) | (~Q(experiment_ref="") & Q(judged_at__isnull=True))
    )
    talks = Q(stopped_at__isnull=True) & Exists(rounds_still_to_play())
    rounds = GameRound.objects.filter(game_day__exercise=OuterRef("pk"))
    needs_no_run = Exists(rounds) & ~Exists(rounds.filter(wave__isnull=False))
    began = Q(phase=Phase.LIVE.value) | Q(kind="self_service", phase=Phase.PREFLIGHT.value)
    return Exercise.objects.filter(
        began, Exists(runs) | needs_no_run, ~Exists(waits), ~talks, is_imported=False
    )


def _open(exercise: Exercise) -> None:
    if exercise.phase == Phase.PREFLIGHT.value:
        exercise.phase = move(Phase.PREFLIGHT, Phase.LIVE).value
    exercise.phase = move(Phase(exercise.phase), Phase.DEBRIEF).value
    exercise.save(update_fields=["phase"])
    append_event(
        exercise=exercise,
        kind="exercise.debrief",
        text="Nothing runs any more, debrief is open.",
    )


def answer_debrief(
    *, actor: Actor, exercise: Exercise, was_resilient: str, surprised_us: str, we_share: str
) -> DebriefAnswers:
    """Write the three answers down, or anew while the debrief is open.

    Raises Invalid that names the answer, Conflict when the debrief is not open, NotAllowed.
    """
    authorize(actor, "exercise.advance", exercise)
    surprised_us, we_share = surprised_us.strip(), we_share.strip()
    problems = []
    if was_resilient not in dict(RESILIENT):
        problems.append(("was_resilient", "yes, in part or no"))
    for name, text in (("surprised_us", surprised_us), ("we_share", we_share)):
        if not 1 <= len(text) <= MAX_ANSWER:
            problems.append((name, f"1 to {MAX_ANSWER:,} characters; “nothing” is an answer"))
    if problems:
        raise Invalid.of(problems)
    with transaction.atomic():
        locked = Exercise.objects.select_for_update(no_key=True).get(pk=exercise.pk)
        if locked.phase != Phase.DEBRIEF.value:
            raise Conflict("the debrief is not open")
        answers, _ = DebriefAnswers.objects.update_or_create(
            exercise=locked,
            defaults={
                "was_resilient": was_resilient,
                "surprised_us": surprised_us,
                "we_share": we_share,
                "answered_by_id": actor.person_id,
                "answered_at": database_now(),
            },
        )
        record(
            actor,
            "debrief.answer",
            locked,
            was_resilient=was_resilient,
            surprised_us=surprised_us,
            we_share=we_share,
        )
    return answers
