"""The debrief of an exercise: how each run ended, what was found, what people saw.

Called by the debrief page and by the form for a new finding. A constant number of queries,
whatever the number of runs and findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Final

from exercises.domain.actors import Actor
from exercises.domain.finding_states import FindingState
from exercises.domain.run_states import RunState
from exercises.domain.verdicts import RunVerdict
from exercises.models import Application, Exercise, Finding, Membership, Run, RunEvent, User
from exercises.permissions import may
from exercises.queries.clean_ups import CleanUpShown, clean_ups_of
from exercises.queries.detection import ChainRow, chain_rows, chains_of
from exercises.queries.findings import FindingCard, card_of, findings_of
from exercises.queries.predictions import RunPredictions, predictions_of_runs
from exercises.queries.room_log import look_of

KEY_KINDS: Final = (
    "exercise.go",
    "run.running",
    "run.stopped",
    "run.failed",
    "run.unapproved",
    "run.acknowledged",
    "alarm.fired",
    "probe.outside",
    "stop.all",
    "stop.requested",
    "stop.verified",
    "cleanup.left",
    "verdict.held",
    "verdict.not_held",
    "verdict.inconclusive",
)
"""What is shown as key moments while nobody has pinned a line; of a probe that went outside
again and again, the first time."""

_VERDICTS: Final = {
    "verdict.held": "hypothesis held",
    "verdict.not_held": "hypothesis not held",
    "verdict.inconclusive": "inconclusive",
}

MOST_MOMENTS: Final = 20
MOST_NOTES: Final = 50


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How one run ended. `recovery` is the longest time outside, in planned seconds; `chain`
    says when it was seen, of a run that was started, `clean_up` whether it left anything."""

    run: Run
    look: str
    recovery: float | None
    words: str
    chain: Sequence[ChainRow] = ()
    clean_up: CleanUpShown | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the timeline. `source` is who or what said it."""

    at: datetime
    icon: str
    tone: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The runs counted by what they taught; stopped early counts beside the verdicts."""

    held: int
    not_held: int
    inconclusive: int
    stopped_by_people: int
    stopped_by_alarm: int

    @property
    def stopped(self) -> int:
        return self.stopped_by_people + self.stopped_by_alarm

    @property
    def judged(self) -> int:
        return self.held + self.not_held + self.inconclusive


@dataclass(frozen=True, slots=True)
class Debrief:
    outcome: Outcome
    runs: Sequence[RunOutcome]
    drafts: Sequence[FindingCard]
    findings: Sequence[FindingCard]
    owners: Mapping[int, Sequence[User]]
    moments: Sequence[Moment]
    are_pinned: bool
    notes: Sequence[RunEvent]
    teams: int
    predictions: Sequence[RunPredictions]


def debrief_of(actor: Actor, exercise: Exercise, *, today: date) -> Debrief:
    """Everything the debrief page shows to this actor."""
    runs = list(
        Run.objects.visible_to(actor)
        .filter(experiment__exercise=exercise, is_rehearsal=False)
        .select_related("experiment__application__team", "revision")
        .distinct()
    )
    rows = findings_of(actor).filter(exercise=exercise).exclude(state=_S.DISMISSED.value)
    cards = [card_of(finding, today=today) for finding in rows.order_by("-severity", "pk")]
    drafts = [card for card in cards if card.finding.state == _S.DRAFT.value]
    moments, are_pinned = _moments(exercise)
    chains, clean_ups = chains_of(runs), clean_ups_of(runs)
    return Debrief(
        outcome=outcome_of(runs),
        runs=[
            replace(
                run_outcome(run),
                chain=chain_rows(chains[run.pk]) if run.pk in chains else (),
                clean_up=clean_ups.get(run.pk),
            )
            for run in runs
        ],
        drafts=drafts,
        findings=[card for card in cards if card.finding.state != _S.DRAFT.value],
        owners=_owners([card.finding for card in drafts]),
        moments=moments,
        are_pinned=are_pinned,
        notes=list(
            exercise.events.filter(kind="note.went_well")
            .select_related("author")
            .order_by("at", "id")[:MOST_NOTES]
        ),
        teams=len({run.experiment.application.team_id for run in runs}),
        predictions=predictions_of_runs(runs),
    )


_S = FindingState


def outcome_of(runs: Sequence[Run]) -> Outcome:
    verdicts = [run.verdict for run in runs]
    stopped = [run for run in runs if run.state == RunState.STOPPED.value]
    by_people = sum(run.stop_requested_at is not None for run in stopped)
    return Outcome(
        held=verdicts.count(RunVerdict.HELD.value),
        not_held=verdicts.count(RunVerdict.NOT_HELD.value),
        inconclusive=verdicts.count(RunVerdict.INCONCLUSIVE.value),
        stopped_by_people=by_people,
        stopped_by_alarm=len(stopped) - by_people,
    )


def run_outcome(run: Run) -> RunOutcome:
    """The verdict and how long the worst probe took to come back."""
    probes = run.judgement.get("probes", [])
    outside = [p for p in probes if p.get("longest_outside_s", 0) > 0]
    if not probes:
        recovery, words = None, "not measured"
    elif not outside:
        recovery, words = None, "stayed inside"
    elif not all(p.get("recovered", False) for p in outside):
        recovery, words = None, "not by the end"
    else:
        recovery, words = max(float(p["longest_outside_s"]) for p in outside), ""
    return RunOutcome(run, run.verdict or run.state, recovery, words)


def _moments(exercise: Exercise) -> tuple[list[Moment], bool]:
    """What people pinned; while they pinned nothing, what the log itself holds as key."""
    events = (
        exercise.events.exclude(run__is_rehearsal=True)
        .select_related("run__experiment")
        .order_by("at", "id")
    )
    pinned = [_moment(event) for event in events.filter(pin__isnull=False)[:MOST_MOMENTS]]
    if pinned:
        return pinned, True
    key = _without_repeats(events.filter(kind__in=KEY_KINDS))
    return [_moment(event) for event in islice(key, MOST_MOMENTS)], False


def _without_repeats(events: Iterable[RunEvent]) -> Iterator[RunEvent]:
    seen: set[tuple[object, object]] = set()
    for event in events:
        probe = (event.run_id, event.details.get("probe"))
        if event.kind == "probe.outside":
            if probe in seen:
                continue
            seen.add(probe)
        yield event


def _moment(event: RunEvent) -> Moment:
    icon, tone = look_of(event.kind)
    text, verdict = event.text, _VERDICTS.get(event.kind)
    if verdict and event.run:
        text = f"{event.run.experiment.title}: {verdict}."
    return Moment(event.at, icon, tone, text, event.source)


def _owners(drafts: Sequence[Finding]) -> dict[int, list[User]]:
    """Who may own each draft: the members of its application's team, by finding id."""
    teams = {finding.application.team_id for finding in drafts}
    members: dict[int, list[User]] = defaultdict(list)
    rows = Membership.objects.filter(team__in=teams, user__is_active=True)
    for row in rows.select_related("user").order_by("user__name") if teams else ():
        members[row.team_id].append(row.user)
    return {finding.pk: members[finding.application.team_id] for finding in drafts}


def applications_to_report_on(actor: Actor, exercise: Exercise) -> list[Application]:
    """The applications of the exercise whose findings this actor may write."""
    taking_part = Application.objects.filter(experiments__exercise=exercise).distinct()
    return [a for a in taking_part if may(actor, "finding.work", Finding(application=a))]


def families_in(exercise: Exercise) -> list[str]:
    """What was injected in the exercise, as failure families."""
    rows = exercise.experiments.order_by("template_version__template__failure_family")
    return list(
        rows.values_list("template_version__template__failure_family", flat=True).distinct()
    )
