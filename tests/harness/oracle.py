"""Judges what happened: from the simulator's journal, the database, and the ledger of acts.

Knows the promises, not the code that keeps them: it reads tables and the journal and shares
no rule with the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from exercises.domain import audit_chain
from exercises.models import Run
from exercises.models.audit import AuditEntry
from exercises.services.audit import payload_of
from tests.harness.ledger import Ledger

RUN_TAG: Final = "chaosplane:run"
ENDED: Final = frozenset({"completed", "stopped", "failed", "cancelled"})
RUN_ENDS: Final = {each: each for each in ENDED} | {"cancelled": "stopped"}
EARLY: Final = timedelta(seconds=2)
GRACE: Final = timedelta(seconds=300)
UNDER_WAY: Final = timedelta(seconds=61)
"""A start may reach AWS this long after the gate let it through, not later."""
NEXT_TRY: Final = timedelta(seconds=5)
"""A stop that AWS refused is asked for again within this."""
REFUSING: Final = ("decline", "leave", "edit", "withdraw", "stop")


@dataclass(frozen=True, slots=True)
class Made:
    """One experiment that AWS made, as its journal and its last state tell."""

    ref: str
    run_id: str
    at: datetime
    status: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What AWS knows at the end."""

    journal: Sequence[Mapping[str, Any]]
    experiments: Mapping[str, Mapping[str, Any]]
    """The document of each experiment by its id."""

    def made(self) -> list[Made]:
        first: dict[str, Made] = {}
        for entry in self.journal:
            ref = entry["made"]
            if entry["operation"] == "StartExperiment" and ref and ref not in first:
                document = self.experiments[ref]
                run_id = entry["input"].get("tags", {}).get(RUN_TAG, "")
                status = document["state"]["status"]
                at = datetime.fromisoformat(entry["at"])
                first[ref] = Made(ref, run_id, at, status, document)
        return list(first.values())

    def stops_of(self, ref: str) -> list[datetime]:
        return [at for at, was_taken in self._stops(ref) if was_taken]

    def refused_stops_of(self, ref: str) -> list[datetime]:
        return [at for at, was_taken in self._stops(ref) if not was_taken]

    def _stops(self, ref: str) -> Iterator[tuple[datetime, bool]]:
        for entry in self.journal:
            if entry["operation"] == "StopExperiment" and entry["input"].get("id") == ref:
                yield datetime.fromisoformat(entry["at"]), entry["made"] == ref


def violations(evidence: Evidence, ledger: Ledger, runs: Sequence[Run]) -> list[str]:
    """Every promise that was broken, in words; empty when all were kept."""
    made = evidence.made()
    by_run: dict[str, list[Made]] = defaultdict(list)
    for each in made:
        by_run[each.run_id].append(each)
    known = {str(run.pk): run for run in runs}
    found = [
        f"orphan: {each.ref} carries no run that we know"
        for each in made
        if each.run_id not in known
    ]
    for run_id, run in known.items():
        found += _once(run, by_run[run_id], evidence)
        found += _known(run, by_run[run_id])
        found += _stopped(run, by_run[run_id], evidence, ledger)
        found += _started_when_it_should(run, by_run[run_id], ledger)
        for each in by_run[run_id]:
            found += _allowed(run, each, evidence, ledger)
    return found + list(_chain())


def _once(run: Run, made: Sequence[Made], evidence: Evidence) -> Iterator[str]:
    if len(made) > 1:
        yield f"duplicate start: run {run.pk} has {len(made)} experiments"
    tokens = {
        entry["input"].get("clientToken")
        for entry in evidence.journal
        if entry["operation"] == "StartExperiment"
        and entry["input"].get("tags", {}).get(RUN_TAG) == str(run.pk)
    }
    if len(tokens) > 1:
        yield f"token changed: run {run.pk} was asked for with {len(tokens)} tokens"


def _known(run: Run, made: Sequence[Made]) -> Iterator[str]:
    """After healing both sides agree: nothing runs unseen, nothing is believed to run."""
    for each in made:
        if run.experiment_ref != each.ref:
            yield f"orphan: {each.ref} of run {run.pk}, which is {run.state}, is not known to it"
        if each.status not in ENDED:
            yield f"still running: {each.ref} is {each.status} after everything was healed"
        elif run.state != RUN_ENDS[each.status]:
            yield f"wrong end: {each.ref} is {each.status}, run {run.pk} is {run.state}"
    if run.experiment_ref and not made:
        yield f"lost: run {run.pk} names {run.experiment_ref}, which AWS never made"
    if run.state not in (*ENDED, "skipped"):
        yield f"stuck: run {run.pk} is {run.state} after everything was healed"


def _stopped(run: Run, made: Sequence[Made], evidence: Evidence, ledger: Ledger) -> Iterator[str]:
    asked = [act for act in ledger.about(str(run.pk), "stop") if act.acknowledged]
    for act in asked:
        assert act.acknowledged is not None
        for each in made:
            natural_end = each.document.get("endTime")
            tries = [act.acknowledged, *(t + NEXT_TRY for t in evidence.refused_stops_of(each.ref))]
            ended_first = natural_end is not None and natural_end <= max(tries)
            if not ended_first and not evidence.stops_of(each.ref):
                yield f"lost stop: {each.ref} was never told, run {run.pk} is {run.state}"
    if asked and run.state in ("scheduled", "starting", "start_unknown", "running"):
        yield f"lost stop: run {run.pk} is {run.state}"


def _allowed(run: Run, made: Made, evidence: Evidence, ledger: Ledger) -> Iterator[str]:
    gates = AuditEntry.objects.filter(
        object_id=str(run.pk), action__in=("run.start", "run.start_again"), at__lte=made.at
    ).values_list("at", flat=True)
    if not gates:
        yield f"no intent: {made.ref} was made before anything was written"
        return
    gate = max(gates)
    if made.at - gate > UNDER_WAY:
        yield f"late start: {made.ref} was made {made.at - gate} after the gate"
    yield from _moment(run, gate)
    for act in ledger.about(str(run.pk), *REFUSING):
        if act.acknowledged and act.acknowledged < gate:
            yield f"start after {act.kind}: {made.ref} of run {run.pk}"
    for act in ledger.about(str(run.pk), "freeze"):
        is_over = act.until is not None and act.until <= gate
        if act.acknowledged and act.acknowledged < gate and not is_over:
            yield f"start in a freeze: {made.ref} of run {run.pk}"
    approved = run.revision.plan["definition"]["stopConditions"]
    if made.document["stopConditions"] != approved:
        yield from _changed(run, made, evidence)


def _changed(run: Run, made: Made, evidence: Evidence) -> Iterator[str]:
    """It is said, also of one that was over before anybody could look; and until then stopped."""
    said = AuditEntry.objects.filter(object_id=str(run.pk), action="run.unapproved").first()
    if said is None:
        yield f"changed template: {made.ref} runs without what was approved, and nobody says so"
        return
    ended = made.document.get("endTime")
    was_over = ended is not None and ended <= said.at + EARLY
    if not was_over and not evidence.stops_of(made.ref):
        yield f"changed template: {made.ref} runs without what was approved and is not stopped"


def _moment(run: Run, gate: datetime) -> Iterator[str]:
    window = run.experiment.exercise.window
    if not window.starts_at <= gate < window.ends_at:
        yield f"outside the window: run {run.pk}"
    if gate < run.scheduled_at - EARLY:
        yield f"too early: run {run.pk}"
    if gate > run.scheduled_at + GRACE:
        yield f"missed slot caught up: run {run.pk}, {gate - run.scheduled_at} late"


def _started_when_it_should(run: Run, made: Sequence[Made], ledger: Ledger) -> Iterator[str]:
    """Liveness: with nobody against it and AWS well again in time, it does start."""
    if made or ledger.aws_refused or ledger.healed_at is None:
        return
    if any(True for _ in ledger.about(str(run.pk), *REFUSING, "freeze")):
        return
    if ledger.healed_at <= run.scheduled_at + GRACE / 2:
        yield f"never started: run {run.pk} is {run.state} ({run.state_reason})"


def _chain() -> Iterator[str]:
    previous = audit_chain.GENESIS
    for number, entry in enumerate(AuditEntry.objects.order_by("seq"), start=1):
        if entry.seq != number:
            yield f"audit gap: entry {number} is missing"
            return
        linked = audit_chain.link(previous, payload_of(entry))
        if entry.previous_hash != previous or entry.hash != linked:
            yield f"audit gap: entry {number} does not fit the one before"
            return
        previous = entry.hash
