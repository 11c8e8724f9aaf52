"""The confidence ladder: how far an application may go with one family of failures.

Five levels, from learning to a whole zone in production. A level is worked out from
evidence each time it is asked for and is never stored: two runs that held on the level
below, none older than a year, and no high finding overdue. The first run in production also
needs a mentor. A programme lead can override, for a while and with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from exercises.domain.blast_radius import Rung
from exercises.domain.verdicts import RunVerdict

HELD_NEEDED: Final = 2
EVIDENCE_AGE: Final = timedelta(days=365)
LONGEST_OVERRIDE: Final = timedelta(days=90)


class Level(IntEnum):
    LEARN = 1
    TRIED = 2
    TRIED_ZONE = 3
    PRODUCTION = 4
    PRODUCTION_ZONE = 5

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def is_production(self) -> bool:
        return self >= Level.PRODUCTION


_WORDS: Final = {
    Level.LEARN: "Learn",
    Level.TRIED: "Pre-production, one resource",
    Level.TRIED_ZONE: "Pre-production, one AZ",
    Level.PRODUCTION: "Production, one service",
    Level.PRODUCTION_ZONE: "Production, one AZ, in exercise",
}


def level_of(*, environment: str, rung: int) -> Level:
    """Where an experiment stands: by where it runs and how far it reaches."""
    is_zone = rung >= Rung.ZONE_OF_SERVICE
    if environment == "production":
        return Level.PRODUCTION_ZONE if is_zone else Level.PRODUCTION
    return Level.TRIED_ZONE if is_zone else Level.TRIED


def levels_of_templates(rungs: Iterable[int]) -> frozenset[Level]:
    """The levels that templates of these blast radii can be run on."""
    return frozenset({Level.LEARN}) | {
        level_of(environment=environment, rung=rung)
        for rung in rungs
        for environment in ("pre-production", "production")
    }


@dataclass(frozen=True, slots=True)
class LadderRun:
    """A real run that was judged: on which level, when, and whether the hypothesis held."""

    level: Level
    verdict: str
    at: datetime

    @property
    def held(self) -> bool:
        return self.verdict == RunVerdict.HELD


@dataclass(frozen=True, slots=True)
class SignOff:
    """A mentor's word that a first run in production may be made."""

    mentor: str
    team: str
    signed_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """A programme lead's word that a level is open without its evidence."""

    level: Level
    by: str
    reason: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one application and one family of failures.

    `offered` are the levels that templates of the family reach; the others are passed over.
    `overdue` names high findings past their day.
    """

    offered: frozenset[Level]
    runs: Sequence[LadderRun] = ()
    overdue: Sequence[str] = ()
    sign_offs: Sequence[SignOff] = ()
    overrides: Sequence[Override] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One level: whether it is open, since when and until when, and what is missing."""

    level: Level
    is_offered: bool
    missing: tuple[str, ...]
    held: int
    judged: int
    since: datetime | None = None
    lapses_at: datetime | None = None
    override: Override | None = None

    @property
    def is_open(self) -> bool:
        return self.is_offered and (not self.missing or self.override is not None)


@dataclass(frozen=True, slots=True)
class Ladder:
    steps: tuple[Step, ...]
    sign_off: SignOff | None
    needs_sign_off: bool
    """True while nothing but a mentor's word is missing for the first run in production."""

    @property
    def level(self) -> Level:
        """The highest level that is open by evidence or by override."""
        return max(step.level for step in self.steps if step.is_open)

    @property
    def earned(self) -> Level:
        """The highest level that is open by evidence alone: what makes a mentor."""
        return max(step.level for step in self.steps if step.is_offered and not step.missing)

    @property
    def next_step(self) -> Step | None:
        """The first level that is not open yet; None at the top."""
        return next((s for s in self.steps if s.is_offered and not s.is_open), None)

    def step(self, level: Level) -> Step:
        return self.steps[level - 1]


def climb(evidence: Evidence, *, now: datetime) -> Ladder:
    """Work the ladder out."""
    fresh = sorted((r for r in evidence.runs if r.at > now - EVIDENCE_AGE), key=lambda r: r.at)
    sign_off = max(
        (s for s in evidence.sign_offs if s.valid_until > now),
        key=lambda s: s.signed_at,
        default=None,
    )
    steps = []
    below = Level.LEARN
    for level in Level:
        steps.append(_step(level, below, evidence, fresh, sign_off, now))
        if level in evidence.offered:
            below = level
    return Ladder(tuple(steps), sign_off, _only_a_mentor_is_missing(steps))


MENTOR: Final = "a mentor's sign-off for the first run in production"


def _only_a_mentor_is_missing(steps: Sequence[Step]) -> bool:
    waiting = next((s for s in steps if s.is_offered and s.missing), None)
    return waiting is not None and waiting.missing == (MENTOR,)


def _step(
    level: Level,
    below: Level,
    evidence: Evidence,
    fresh: Sequence[LadderRun],
    sign_off: SignOff | None,
    now: datetime,
) -> Step:
    here = [run for run in fresh if run.level == level]
    proof = [run.at for run in fresh if run.held and run.level >= below]
    ever = sorted(run.at for run in evidence.runs if run.held and run.level >= below)
    needs_proof = below > Level.LEARN
    missing = (
        _missing(level, below, len(proof), evidence, fresh, sign_off)
        if level in evidence.offered
        else ()
    )
    return Step(
        level=level,
        is_offered=level in evidence.offered,
        missing=missing,
        held=sum(run.held for run in here),
        judged=sum(run.verdict != RunVerdict.INCONCLUSIVE for run in here),
        since=ever[HELD_NEEDED - 1] if needs_proof and len(ever) >= HELD_NEEDED else None,
        lapses_at=proof[-HELD_NEEDED] + EVIDENCE_AGE
        if needs_proof and len(proof) >= HELD_NEEDED
        else None,
        override=next(
            (o for o in evidence.overrides if o.valid_until > now and o.level >= level), None
        )
        if missing
        else None,
    )


def _missing(
    level: Level,
    below: Level,
    proven: int,
    evidence: Evidence,
    fresh: Sequence[LadderRun],
    sign_off: SignOff | None,
) -> tuple[str, ...]:
    if below is Level.LEARN:
        return ()
    missing = []
    if proven < HELD_NEEDED:
        missing.append(
            f"{HELD_NEEDED} held runs of the last 12 months at “{below.words}” or above,"
            f" {proven} so far"
        )
    if evidence.overdue:
        missing.append(f"no overdue high finding: {', '.join(evidence.overdue)}")
    was_there = any(run.held and run.level.is_production for run in fresh)
    if level.is_production and not was_there and sign_off is None:
        missing.append(MENTOR)
    return tuple(missing)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the ladder lets an experiment be run: ok, warn or fail, and why."""

    status: str
    detail: str
    override: Override | None = None


def allows(ladder: Ladder, level: Level, *, in_exercise: bool) -> Answer:
    """Ask the ladder about one experiment.

    What it refuses in production does not start. Elsewhere it only warns: pre-production is
    where one may be wrong.
    """
    step = ladder.step(level)
    if level is Level.PRODUCTION_ZONE and not in_exercise:
        return Answer("fail", "A zone in production is taken away in an exercise only.")
    if step.override is not None:
        until = f"{step.override.valid_until:%d %b %Y}".lstrip("0")
        why = f"Override of {step.override.by} until {until}: {step.override.reason}"
        return Answer("warn", why, step.override)
    if step.is_open:
        return Answer("ok", f"Level {level.value} of {len(Level)}, {level.words}")
    status = "fail" if level.is_production else "warn"
    return Answer(status, f"“{level.words}” needs {'; '.join(step.missing)}.")
