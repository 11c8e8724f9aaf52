"""The confidence ladder of applications, worked out from rows.

Used by pages of teams and applications, by the policy list, by pre-flight and by the start
gate. However many applications are asked for, the number of queries is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from exercises.domain.failure_families import applies_to, parts_of, related, wholes_of, words_of
from exercises.domain.finding_states import STANDING, Severity
from exercises.domain.ladder import (
    Answer,
    Evidence,
    Ladder,
    LadderRun,
    Level,
    Override,
    SignOff,
    Step,
    allows,
    climb,
    level_of,
    levels_of_templates,
)
from exercises.models import (
    Application,
    Exercise,
    Experiment,
    Finding,
    LadderOverride,
    MentorSignOff,
    Run,
    TemplateVersion,
)
from exercises.queries.organisation_day import organisation_day

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class FamilyLadder:
    """One application's ladder for one family of failures."""

    application: Application
    family: str
    ladder: Ladder

    @property
    def words(self) -> str:
        return words_of(self.family)


@dataclass(frozen=True)
class Evidences:
    """All rows that ladders are worked out from, read once."""

    offered: dict[str, frozenset[Level]]
    runs: dict[Key, list[LadderRun]]
    overdue: dict[int, list[str]]
    sign_offs: dict[Key, list[SignOff]]
    overrides: dict[Key, list[Override]]
    now: datetime

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The families that the catalogue has templates of."""
        return tuple(sorted(self.offered))

    def ladder(self, application_id: int, family: str) -> Ladder:
        """The ladder of one application; its parts and wholes speak for a family."""
        levels = frozenset({Level.LEARN}).union(
            *(self.offered.get(name, ()) for name in {family} | parts_of(family))
        )
        runs = [
            run for name in related(family) for run in self.runs.get((application_id, name), ())
        ]
        evidence = Evidence(
            offered=levels,
            runs=runs,
            overdue=self.overdue.get(application_id, ()),
            sign_offs=self.sign_offs.get((application_id, family), ()),
            overrides=self.overrides.get((application_id, family), ()),
        )
        return climb(evidence, now=self.now)

    def families_of(self, application: Application) -> list[str]:
        """The families that can happen to it and that the catalogue has templates of."""
        tags = application.architecture_tags
        return [family for family in self.families if applies_to(family, tags)]

    def last_tried(self, application: Application) -> dict[str, datetime | None]:
        """When each of them was last tried for real; who tried the whole tried its parts."""
        return {
            family: max(
                (
                    run.at
                    for name in {family} | wholes_of(family)
                    for run in self.runs.get((application.pk, name), ())
                ),
                default=None,
            )
            for family in self.families_of(application)
        }

    def of(self, application: Application) -> list[FamilyLadder]:
        """Its ladders for the families that can happen to it, the furthest first."""
        found = [
            FamilyLadder(application, family, self.ladder(application.pk, family))
            for family in self.families_of(application)
        ]
        return sorted(found, key=lambda one: (-one.ladder.level, one.words))


def evidences(application_ids: Collection[int] | None, *, now: datetime) -> Evidences:
    """What is known of these applications, or of all, in five queries."""
    narrowed = {} if application_ids is None else {"application__in": application_ids}
    return Evidences(
        offered=_offered(),
        runs=_runs(application_ids),
        overdue=_overdue(narrowed, now),
        sign_offs=_sign_offs(narrowed),
        overrides=_overrides(narrowed),
        now=now,
    )


def _offered() -> dict[str, frozenset[Level]]:
    rungs: dict[str, set[int]] = defaultdict(set)
    rows = TemplateVersion.objects.filter(template__retired_at=None).order_by()
    for family, rung in rows.values_list("template__failure_family", "rung").distinct():
        rungs[family].add(rung)
    return {family: levels_of_templates(found) for family, found in rungs.items()}


def _runs(application_ids: Collection[int] | None) -> dict[Key, list[LadderRun]]:
    """Real runs that were judged, as whoever asks may see them or not: a level is no secret."""
    rows = Run.objects.filter(is_rehearsal=False, started_at__isnull=False).exclude(verdict="")
    if application_ids is not None:
        rows = rows.filter(experiment__application__in=application_ids)
    found: dict[Key, list[LadderRun]] = defaultdict(list)
    for application, family, environment, rung, verdict, at in rows.order_by().values_list(
        "experiment__application_id",
        "experiment__template_version__template__failure_family",
        "experiment__deployment__place__account__environment",
        "experiment__template_version__rung",
        "verdict",
        "started_at",
    ):
        if at is not None:
            level = level_of(environment=environment, rung=rung)
            found[application, family].append(LadderRun(level, verdict, at))
    return found


def _overdue(narrowed: dict[str, Collection[int]], now: datetime) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = Finding.objects.filter(
        severity=Severity.HIGH.value,
        state__in=STANDING,
        due_on__lt=organisation_day(now),
        **narrowed,
    )
    for finding in rows.order_by("pk").only("pk", "application_id"):
        found[finding.application_id].append(finding.code)
    return found


def _sign_offs(narrowed: dict[str, Collection[int]]) -> dict[Key, list[SignOff]]:
    found: dict[Key, list[SignOff]] = defaultdict(list)
    rows = MentorSignOff.objects.filter(**narrowed).select_related("mentor", "mentor_team")
    for row in rows:
        found[row.application_id, row.failure_family].append(
            SignOff(row.mentor.name, row.mentor_team.name, row.signed_at, row.valid_until)
        )
    return found


def _overrides(narrowed: dict[str, Collection[int]]) -> dict[Key, list[Override]]:
    found: dict[Key, list[Override]] = defaultdict(list)
    rows = LadderOverride.objects.filter(**narrowed).select_related("granted_by")
    for row in rows:
        found[row.application_id, row.failure_family].append(
            Override(Level(row.level), row.granted_by.name, row.reason, row.valid_until)
        )
    return found


def level_of_experiment(experiment: Experiment) -> Level:
    """Where on the ladder an experiment stands."""
    return level_of(
        environment=experiment.deployment.place.account.environment,
        rung=experiment.template_version.rung,
    )


def family_of(experiment: Experiment) -> str:
    return experiment.template_version.template.failure_family


def ladder_of(experiment: Experiment, *, now: datetime) -> Ladder:
    """The ladder of its application for its family of failures."""
    application_id = experiment.application_id
    return evidences([application_id], now=now).ladder(application_id, family_of(experiment))


def ladder_answer(experiment: Experiment, *, now: datetime) -> Answer:
    """Whether the ladder lets this experiment be run."""
    return _answer(experiment, ladder_of(experiment, now=now))


def ladder_problem(experiment: Experiment, *, now: datetime) -> str:
    """Why the ladder refuses a start; empty when it does not."""
    answer = ladder_answer(experiment, now=now)
    return f"Confidence ladder: {answer.detail}" if answer.status == "fail" else ""


def _answer(experiment: Experiment, ladder: Ladder) -> Answer:
    # A retest repeats what an exercise did, under the same approvals: it need not wait a month.
    is_retest = experiment.retest_of_id is not None
    in_exercise = experiment.exercise.kind != "self_service" or is_retest
    return allows(ladder, level_of_experiment(experiment), in_exercise=in_exercise)


@dataclass(frozen=True, slots=True)
class TeamLevel:
    """One level over all ladders of a team."""

    level: Level
    held: int
    judged: int
    since: datetime | None
    is_open: bool
    is_highest: bool


def team_levels(ladders: Iterable[FamilyLadder], known: Evidences) -> list[TeamLevel]:
    """A team's ladder: each level as far as any of its applications has come."""
    every = list(ladders)
    highest = max((one.ladder.level for one in every), default=Level.LEARN)
    found = []
    for level in Level:
        steps = [one.ladder.step(level) for one in every]
        runs = _of_level({one.application.pk for one in every}, level, known)
        found.append(
            TeamLevel(
                level=level,
                held=sum(run.held for run in runs),
                judged=sum(run.verdict != "inconclusive" for run in runs),
                since=min((s.since for s in steps if s.is_open and s.since), default=None),
                is_open=level <= highest,
                is_highest=level == highest,
            )
        )
    return found


def _of_level(applications: Collection[int], level: Level, known: Evidences) -> list[LadderRun]:
    return [
        run
        for (application, _), runs in known.runs.items()
        if application in applications
        for run in runs
        if run.level == level
    ]


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to try next: a level that is open and not yet proven, and why it is proposed."""

    application: Application
    family: str
    level: Level
    why: str

    @property
    def words(self) -> str:
        return words_of(self.family)


def next_steps(ladders: Iterable[FamilyLadder], *, at_most: int) -> list[NextStep]:
    """The most worthwhile tries: critical applications first, what was never tried first."""
    found = []
    for one in ladders:
        step = _worth_trying(one.ladder)
        if step is not None:
            rank = (one.application.tier, step.judged, -step.level, one.application.name)
            found.append((rank, one.family, one, step))
    return [
        NextStep(one.application, one.family, step.level, _why(one, step))
        for _, _, one, step in sorted(found, key=lambda row: row[:2])[:at_most]
    ]


def _worth_trying(ladder: Ladder) -> Step | None:
    """The highest level that is open and lacks its two held runs."""
    for step in reversed(ladder.steps):
        if step.level > Level.LEARN and step.is_open and step.held < 2:
            return step
    return None


def _why(one: FamilyLadder, step: Step) -> str:
    if step.judged == 0:
        return f"{one.application.name} never tried it here"
    if step.held == 0:
        return f"{one.application.name} has not held it yet"
    return f"{one.application.name} held once; a second run opens the next level"


def overrides_in(exercise: Exercise) -> list[LadderOverride]:
    """The overrides that are in force in the window of an exercise for what it holds."""
    experiments = list(
        exercise.experiments.exclude(status="withdrawn").select_related(
            "template_version__template", "deployment__place__account"
        )
    )
    level_by_key: dict[Key, Level] = {}
    for experiment in experiments:
        key = experiment.application_id, family_of(experiment)
        level_by_key[key] = max(level_of_experiment(experiment), level_by_key.get(key, Level.LEARN))
    rows = LadderOverride.objects.filter(
        application__in={pk for pk, _ in level_by_key},
        granted_at__lte=exercise.ends_at,
        valid_until__gte=exercise.starts_at,
    ).select_related("application", "granted_by")
    return [
        row
        for row in rows
        if (row.application_id, row.failure_family) in level_by_key
        and row.level >= level_by_key[row.application_id, row.failure_family]
    ]
