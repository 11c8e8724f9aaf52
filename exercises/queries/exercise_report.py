"""The report of one exercise: what ran, how it went, what was found, what the teams answered.

The page, the paper, the CSV and the API ask here. It names no person, so that it can be passed
on; who did what stands in the evidence pack. A constant number of queries.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from exercises.domain.actors import Actor
from exercises.domain.blast_radius import Rung
from exercises.domain.detection import Chain, Step
from exercises.domain.finding_states import FindingState
from exercises.domain.run_states import RunState
from exercises.models import DebriefAnswers, Exercise, Finding, Participation, Run
from exercises.queries.clean_ups import CleanUpShown, clean_ups_of
from exercises.queries.debrief import Outcome, outcome_of, run_outcome
from exercises.queries.detection import chains_of
from exercises.queries.naming import Names, names_now
from exercises.queries.report import NOT_FINDINGS


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run: what it did, how it ended, when it was seen and when it was over.

    `detected_s` is until the first reading outside, then until an alarm and until a person
    said that they see it. `clean_up` says whether it left anything behind.
    """

    run: Run
    reach: str
    detected_s: float | None
    alarmed_s: float | None
    acknowledged_s: float | None
    recovered_s: float | None
    recovery_words: str
    was_stopped: bool
    clean_up: CleanUpShown | None


@dataclass(frozen=True, slots=True)
class FindingLine:
    """`title` says roles instead of names where the installation names nobody."""

    finding: Finding
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What the debrief answered, as it may be passed on."""

    was_resilient: str
    words: str
    surprised_us: str
    we_share: str


@dataclass(frozen=True, slots=True)
class ExerciseReport:
    exercise: Exercise
    as_of: date
    headline: str
    outcome: Outcome
    teams: int
    runs: Sequence[RunLine]
    findings: Sequence[FindingLine]
    participants: Sequence[Participation]
    answers: Answers | None

    @property
    def joined(self) -> int:
        return sum(row.answer == "accepted" for row in self.participants)

    @property
    def detection(self) -> float | None:
        return _median([line.detected_s for line in self.runs])

    @property
    def recovery(self) -> float | None:
        return _median([line.recovered_s for line in self.runs])


def exercise_report(actor: Actor, exercise: Exercise) -> ExerciseReport:
    """The report as this actor may read it. Rehearsals do not count."""
    runs = list(
        Run.objects.visible_to(actor)
        .filter(experiment__exercise=exercise, is_rehearsal=False, started_at__isnull=False)
        .select_related(
            "experiment__application__team",
            "experiment__template_version__template",
            "experiment__deployment__place__account",
            "revision",
        )
        .order_by("started_at", "id")
        .distinct()
    )
    findings = (
        Finding.objects.visible_to(actor)
        .filter(exercise=exercise)
        .exclude(state__in=NOT_FINDINGS)
        .select_related("application__team")
        .order_by("-severity", "id")
    )
    outcome, names, chains = outcome_of(runs), names_now(), chains_of(runs)
    clean_ups = clean_ups_of(runs)
    last = exercise.ended_at or exercise.ends_at
    return ExerciseReport(
        exercise=exercise,
        as_of=last.astimezone(ZoneInfo(exercise.timezone)).date(),
        headline=headline(outcome, len(runs)),
        outcome=outcome,
        teams=len({run.experiment.application.team_id for run in runs}),
        runs=[_line(run, chains[run.pk], clean_ups.get(run.pk)) for run in runs],
        findings=[
            FindingLine(row, names.text(row.title), FindingState(row.state).label)
            for row in findings
        ],
        participants=list(
            exercise.participations.select_related("application__team").order_by(
                "application__name", "id"
            )
        ),
        answers=_answers(exercise, names),
    )


def _answers(exercise: Exercise, names: Names) -> Answers | None:
    row = DebriefAnswers.objects.filter(exercise=exercise).first()
    if row is None:
        return None
    return Answers(
        was_resilient=row.was_resilient,
        words=row.get_was_resilient_display(),
        surprised_us=names.text(row.surprised_us),
        we_share=names.text(row.we_share),
    )


def headline(outcome: Outcome, count: int) -> str:
    """What the verdicts say in a few words."""
    tried = outcome.held + outcome.not_held
    if not count:
        return "Nothing ran"
    if not tried:
        return f"{count} experiment{'' if count == 1 else 's'} ran, none has a verdict that counts"
    if not outcome.not_held:
        return f"All {tried} hypotheses held" if tried > 1 else "The hypothesis held"
    noun = "hypothesis" if tried == 1 else "hypotheses"
    return f"{outcome.held} of {tried} {noun} held"


def _line(run: Run, chain: Chain, clean_up: CleanUpShown | None) -> RunLine:
    found = run_outcome(run)
    return RunLine(
        run=run,
        reach=Rung(run.experiment.template_version.rung).words,
        detected_s=_after(chain.moved) if chain.is_over else None,
        alarmed_s=_after(chain.alarmed),
        acknowledged_s=_after(chain.acknowledged),
        recovered_s=found.recovery,
        recovery_words=found.words,
        was_stopped=run.state == RunState.STOPPED.value,
        clean_up=clean_up,
    )


def _after(step: Step | None) -> float | None:
    return None if step is None else max(0.0, step.after_s)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
