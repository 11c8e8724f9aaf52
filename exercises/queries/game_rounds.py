"""The rounds of a game day: which one is on, what ran in each, and what that measured.

Derived from the runs, never stored: a round of injection begins with its first run and is over
when all of its runs are judged; a table-top round goes by the clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, QuerySet, Value
from django.db.models.functions import Now

from exercises.domain.engine_values import Reading
from exercises.domain.exercise_phases import BEFORE_LIVE, OVER
from exercises.domain.game_scoring import Measured, measure, together
from exercises.domain.steady_state import probes_from_json
from exercises.models import Exercise, GameDay, GameRound, Run, RunEvent, Sample
from exercises.models.runs import TERMINAL_VALUES

SEEN: Final = "game.seen"


@dataclass(frozen=True, slots=True)
class RoundNow:
    """A round and where it stands: sealed, now or done. `runs` are those of its wave."""

    round: GameRound
    state: str
    starts_at: datetime
    ends_at: datetime
    runs: tuple[Run, ...]

    @property
    def number(self) -> int:
        return self.round.number

    def of_team(self, team_id: int) -> list[Run]:
        """The runs of one team that began."""
        return [run for run in self.begun if run.experiment.application.team_id == team_id]

    @property
    def begun(self) -> list[Run]:
        return [run for run in self.runs if run.started_at is not None]

    def is_settled(self, team_id: int) -> bool:
        """Whether nothing of this team's is still to come in this round."""
        own = [run for run in self.runs if run.experiment.application.team_id == team_id]
        return all(_is_over(run) for run in own)


def _is_over(run: Run) -> bool:
    if run.state not in TERMINAL_VALUES:
        return False
    return run.judged_at is not None or run.started_at is None


def rounds_of(game_day: GameDay, *, now: datetime) -> list[RoundNow]:
    """Every round, in order. Two queries; the game day comes with its exercise."""
    rounds = list(game_day.rounds.order_by("number"))
    by_wave: dict[int, list[Run]] = defaultdict(list)
    runs = Run.objects.filter(
        experiment__exercise=game_day.exercise_id, is_rehearsal=False
    ).select_related("experiment__application", "revision")
    for run in runs.order_by("scheduled_at", "id"):
        by_wave[run.experiment.wave].append(run)
    return [_round(game_day, one, by_wave, now) for one in rounds]


def _round(
    game_day: GameDay, one: GameRound, by_wave: dict[int, list[Run]], now: datetime
) -> RoundNow:
    exercise = game_day.exercise
    runs = tuple(by_wave[one.wave]) if one.wave is not None else ()
    begins = min((run.started_at for run in runs if run.started_at), default=None)
    # By the clock on the wall, also where simulated time runs faster: people keep to it.
    starts_at = begins or exercise.starts_at + timedelta(seconds=one.starts_after_s)
    ends_at = starts_at + timedelta(seconds=one.duration_s)
    return RoundNow(
        one, _state(game_day, one, runs, starts_at, ends_at, now), starts_at, ends_at, runs
    )


def _state(
    game_day: GameDay,
    one: GameRound,
    runs: Sequence[Run],
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> str:
    phase = game_day.exercise.phase
    if phase in OVER:
        return "done"
    if phase in BEFORE_LIVE:
        return "sealed"
    if one.is_table_top:
        return "sealed" if now < starts_at else "now" if now < ends_at else "done"
    if not any(run.started_at for run in runs):
        return "sealed"
    return "done" if all(_is_over(run) for run in runs) else "now"


def rounds_still_to_play() -> QuerySet[GameRound]:
    """Table-top rounds whose time by the clock is not over, for Exists on an exercise's pk."""
    lasts = ExpressionWrapper(
        (F("starts_after_s") + F("duration_s")) * Value(timedelta(seconds=1)),
        output_field=DurationField(),
    )
    return GameRound.objects.filter(game_day__exercise=OuterRef("pk"), wave__isnull=True).filter(
        game_day__exercise__starts_at__gt=Now() - lasts
    )


def is_all_table_top(exercise: Exercise) -> bool:
    """Whether it is played without injecting anything, so that it needs no experiment."""
    rounds = GameRound.objects.filter(game_day__exercise=exercise)
    waves = set(rounds.values_list("wave", flat=True))
    return waves == {None}


def current_round(rounds: Sequence[RoundNow]) -> RoundNow | None:
    """The round that is on, or else the last that was; None before the first."""
    begun = [one for one in rounds if one.state != "sealed"]
    on = [one for one in begun if one.state == "now"]
    known = on or begun
    return known[-1] if known else None


def measured_of(runs: Sequence[Run], *, now: datetime) -> dict[str, Measured]:
    """What each run measured so far, by run id. Two queries, however many runs."""
    readings: dict[object, dict[str, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    rows = Sample.objects.filter(run__in=runs).order_by("at")
    for run_id, probe, at, value in rows.values_list("run_id", "probe", "at", "value"):
        readings[run_id][probe].append(Reading(probe, at, value))
    seen = _seen(runs)
    return {
        str(run.pk): measure(
            probes_from_json(run.revision.plan["steady_state"]),
            readings[run.pk],
            started_at=run.started_at,
            until=max(run.started_at, min(now, run.settle_until or now)),
            seen_at=_first_after(run, seen),
            speed=1 if run.is_imported else settings.CHAOSPLANE_TIME_SPEED,
        )
        for run in runs
        if run.started_at is not None
    }


def measured_together(runs: Iterable[Run], found: dict[str, Measured]) -> Measured:
    """The runs of one team in one round, as one."""
    return together([found[str(run.pk)] for run in runs])


def _seen(runs: Sequence[Run]) -> dict[tuple[int, int], list[datetime]]:
    """When each team said that it sees something, by exercise and team."""
    found: dict[tuple[int, int], list[datetime]] = defaultdict(list)
    exercises = {run.experiment.exercise_id for run in runs}
    events = RunEvent.objects.filter(exercise__in=exercises, kind=SEEN).order_by("at")
    for exercise_id, at, details in events.values_list("exercise_id", "at", "details"):
        found[exercise_id, int(details["team"])].append(at)
    return found


def _first_after(run: Run, seen: dict[tuple[int, int], list[datetime]]) -> datetime | None:
    """The team's first word during this run; none before its fault or after its recovery."""
    said = seen[run.experiment.exercise_id, run.experiment.application.team_id]
    return next(
        (
            at
            for at in said
            if run.started_at is not None
            and at >= run.started_at
            and (run.settle_until is None or at <= run.settle_until)
        ),
        None,
    )
