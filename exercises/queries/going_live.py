"""The facts of going live: who said Go, which wave is on, who said no-go.

Used by the start gate under the exercise's lock, by services.go_live and by the pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from exercises.domain.errors import Refusal
from exercises.domain.going_live import (
    GoFacts,
    held_after,
    own_refusals,
    readiness_digest,
    refusals,
    takes_two,
)
from exercises.domain.run_states import RunState
from exercises.models import (
    Exercise,
    Experiment,
    GoPair,
    GoRequest,
    HoldPoint,
    Participation,
    Run,
)
from exercises.queries.preflight import acknowledges_from, preflight_now


def go_refusals(run: Run, *, now: datetime) -> tuple[Refusal, ...]:
    """What going live still asks of this run."""
    experiment = run.experiment
    exercise = experiment.exercise
    if run.is_rehearsal:
        return ()
    if exercise.kind == "self_service":
        two = experiment_takes_two(experiment)
        return own_refusals(takes_two=two, has_pair=two and own_pair(experiment) is not None)
    return refusals(
        GoFacts(
            takes_two=experiment_takes_two(experiment) or _runs_take_two(exercise),
            has_pair=has_pair(exercise),
            held_after=wave_held(exercise, experiment.wave),
            no_go=no_go_for(exercise, [experiment]).get(experiment.pk, ()),
            unready=tuple(line.said for line in preflight_now(experiment, now=now).in_the_way),
        )
    )


def has_pair(exercise: Exercise) -> bool:
    """Whether two people have said Go for an exercise."""
    return GoPair.objects.filter(exercise=exercise, experiment__isnull=True).exists()


def own_pair(experiment: Experiment) -> GoPair | None:
    """The two people who said Go for what an experiment on its own is now, at this slot."""
    pairs = experiment.go_pairs.filter(request__readiness=own_readiness(experiment))
    return pairs.select_related("lead", "safety").first()


def own_readiness(experiment: Experiment) -> str:
    """A digest of its content and its slot: an edit of either is another Go."""
    digest = experiment.revision.digest if experiment.revision else ""
    slot = experiment.exercise.starts_at.isoformat()
    return readiness_digest([f"{experiment.pk} {digest} {slot}"])


def experiment_takes_two(experiment: Experiment) -> bool:
    return takes_two(
        environment=experiment.deployment.place.account.environment,
        rung=experiment.template_version.rung,
    )


def any_takes_two(experiments: Iterable[Experiment]) -> bool:
    return any(experiment_takes_two(experiment) for experiment in experiments)


def _runs_take_two(exercise: Exercise) -> bool:
    """Whether anything of this exercise was started, or waits, on the word of two."""
    rungs = Run.objects.filter(experiment__exercise=exercise, is_rehearsal=False).values_list(
        "experiment__deployment__place__account__environment",
        "experiment__template_version__rung",
    )
    return any(takes_two(environment=environment, rung=rung) for environment, rung in rungs)


def wave_held(exercise: Exercise, wave: int) -> int | None:
    """The wave after which this one still waits; None when it may go on."""
    return held_after(
        wave, [(h.after_wave, h.continued_at is not None) for h in exercise.hold_points.all()]
    )


def waiting_hold(exercise: Exercise) -> HoldPoint | None:
    """The hold point that comes next; None when nothing is held any more."""
    return exercise.hold_points.filter(continued_at__isnull=True).order_by("after_wave").first()


def current_wave(exercise: Exercise) -> int:
    """The wave that is on: the last one that no hold point holds. Zero before Go."""
    if exercise.went_live_at is None:
        return 0
    waves = sorted(
        set(
            Run.objects.filter(experiment__exercise=exercise, is_rehearsal=False).values_list(
                "experiment__wave", flat=True
            )
        )
    )
    hold = waiting_hold(exercise)
    if hold is not None:
        waves = [wave for wave in waves if wave <= hold.after_wave]
    return max(waves, default=0)


def no_go_for(exercise: Exercise, experiments: Iterable[Experiment]) -> dict[int, tuple[str, ...]]:
    """Who holds each of these by a no-go, by experiment id; what nobody holds is left out."""
    said = list(
        Participation.objects.filter(exercise=exercise, is_go=False)
        .exclude(answer="declined")
        .select_related("application")
    )
    holds_all = exercise.no_go_holds == "exercise"
    found = {}
    for experiment in experiments:
        names = tuple(
            p.application.name
            for p in said
            if holds_all or p.application_id == experiment.application_id
        )
        if names:
            found[experiment.pk] = names
    return found


def open_request(exercise: Exercise, *, now: datetime) -> GoRequest | None:
    """The lead's word that waits for the safety officer's."""
    if exercise.went_live_at is not None:
        return None
    request = exercise.go_requests.select_related("said_by").first()
    if request is None or now >= request.valid_until or hasattr(request, "pair"):
        return None
    return request


@dataclass(frozen=True, slots=True)
class OwnGo:
    """The Go of two people for an experiment on its own, as its page shows it."""

    opens_at: datetime
    is_open: bool
    is_scheduled: bool
    asked: GoRequest | None
    pair: GoPair | None


def own_go(experiment: Experiment, *, now: datetime) -> OwnGo | None:
    """None where nobody needs to say Go."""
    exercise = experiment.exercise
    if (
        exercise.kind != "self_service"
        or experiment.status != "proposed"
        or not experiment_takes_two(experiment)
    ):
        return None
    opens_at = acknowledges_from(exercise)
    waiting = experiment.runs.filter(is_rehearsal=False, state=RunState.SCHEDULED.value)
    return OwnGo(
        opens_at=opens_at,
        is_open=opens_at <= now < exercise.ends_at,
        is_scheduled=waiting.exists(),
        asked=open_request(exercise, now=now),
        pair=own_pair(experiment),
    )


@dataclass(frozen=True, slots=True)
class PollLine:
    """One participant's word. `key` is go, no_go or open."""

    participation: Participation
    key: str
    is_late: bool


@dataclass(frozen=True)
class Poll:
    """The go / no-go of everybody who takes part, who has not answered first."""

    lines: tuple[PollLine, ...]

    def of(self, key: str) -> tuple[PollLine, ...]:
        return tuple(line for line in self.lines if line.key == key)

    @property
    def unanswered(self) -> tuple[PollLine, ...]:
        return self.of("open")

    @property
    def no_go(self) -> tuple[PollLine, ...]:
        return self.of("no_go")

    @property
    def go(self) -> tuple[PollLine, ...]:
        return self.of("go")


def poll_of(exercise: Exercise) -> Poll:
    """Who takes part and what they said; late is what was said after Go."""
    rows = exercise.participations.filter(answer="accepted").select_related(
        "application__team", "go_said_by", "on_call_person", "acknowledged_by"
    )
    order = {"no_go": 0, "open": 1, "go": 2}
    lines = [_poll_line(exercise, row) for row in rows]
    return Poll(tuple(sorted(lines, key=lambda line: order[line.key])))


def _poll_line(exercise: Exercise, row: Participation) -> PollLine:
    key = "open" if row.is_go is None else ("go" if row.is_go else "no_go")
    went, said = exercise.went_live_at, row.go_said_at
    return PollLine(row, key, is_late=went is not None and said is not None and said > went)
