"""See whether a run left anything behind; certify that it did not, or ask people to see to it.

Called by a worker with a claimed clean-up. Looks with the read role and without a transaction;
what it saw is then written. AWS may still roll back after an experiment has ended, so what
differs is looked at again for a while (domain.clean_ups) before it is anybody's task.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.clean_ups import RUNNING_S, CleanUpState, after_a_look, pause_s
from exercises.domain.errors import Conflict, EngineError, Invalid
from exercises.domain.notices import Topic
from exercises.domain.residue import Change, changes, residual
from exercises.domain.run_states import TERMINAL, RunState
from exercises.domain.snapshots import Snapshot, as_json, from_json
from exercises.engines.registry import engine
from exercises.models import CleanUp, Run, RunSnapshot
from exercises.models.due_work import database_now, kept
from exercises.permissions import authorize
from exercises.queries.plans import planned_wall
from exercises.services import all_accounts
from exercises.services.audit import record
from exercises.services.found import write_down_residue
from exercises.services.notify import tell
from exercises.services.run_events import append_event, lock_run
from exercises.services.system import SYSTEM

MOST_DRAFTED: Final = 10
"""Findings of one run: what else is left stands in the task."""
LONGEST_REASON: Final = 500
_WRITTEN: Final = (
    "state", "looks", "looked_at", "left", "problem", "certificate", "hash", "settled_at",
    "asked_at", "due_at", "lease_until",
)  # fmt: skip
_S = CleanUpState


def sweep_run(*, clean_up_id: int, fence: int) -> None:
    """One look for one claimed clean-up; does nothing when another worker has taken it over."""
    with kept(CleanUp, clean_up_id, fence):
        row = CleanUp.objects.select_related(
            "run__revision", "run__experiment__deployment__place__account"
        ).get(pk=clean_up_id)
        if row.fence == fence and not _S(row.state).is_settled:
            _sweep(row, fence)


def _sweep(row: CleanUp, fence: int) -> None:
    run = row.run
    if RunState(run.state) not in TERMINAL:
        _look_later(row, fence, RUNNING_S)
        return
    before = from_json(RunSnapshot.objects.get(run=run, moment="before").document)
    plan, region = run.revision.plan, run.experiment.deployment.place.region
    try:
        after = all_accounts.snapshot(
            engine(plan["engine"]), run.places(), plan["definition"], before
        )
    except EngineError as error:
        _write(row, fence, None, [], problem=str(error)[:500])
        return
    found = changes(before, after, ref=run.experiment_ref, region=region)
    _write(row, fence, after, found, problem="")


def _look_later(row: CleanUp, fence: int, seconds: float) -> None:
    CleanUp.objects.filter(pk=row.pk, fence=fence).update(
        due_at=database_now() + planned_wall(seconds), lease_until=None
    )


def _write(
    row: CleanUp,
    fence: int,
    after: Snapshot | None,
    found: Sequence[Change],
    *,
    problem: str,
) -> None:
    """What this look saw, and where it leads."""
    with transaction.atomic():
        run = lock_run(row.run_id)
        locked = CleanUp.objects.select_for_update(no_key=True).get(pk=row.pk)
        if locked.fence != fence or _S(locked.state).is_settled:
            return
        now, left = database_now(), residual(found)
        if after is not None:
            RunSnapshot.objects.create(
                run=run,
                moment="after",
                taken_at=now,
                document=as_json(after),
                hash=after.hash,
                changes=[asdict(change) for change in found],
            )
            locked.left = [asdict(change) for change in left]
        locked.looks, locked.looked_at, locked.problem = locked.looks + 1, now, problem
        state = after_a_look(
            _S(locked.state),
            is_clean=after is not None and not left,
            since_end_s=_planned_since_end(run, now),
        )
        _enter(locked, run, state, found, now)
        locked.lease_until = None
        locked.save(update_fields=_WRITTEN)


def _planned_since_end(run: Run, now: datetime) -> float:
    wall: float = (now - (run.ended_at or run.scheduled_at)).total_seconds()
    return wall * settings.CHAOSPLANE_TIME_SPEED


def _enter(
    row: CleanUp, run: Run, state: CleanUpState, found: Sequence[Change], now: datetime
) -> None:
    was, row.state = _S(row.state), state.value
    if state is _S.CLEAN:
        row.due_at, row.settled_at = None, now
        _certify(row, run, found, now)
    elif state is _S.LOOKING:
        row.due_at = now + planned_wall(pause_s(row.looks))
    else:
        row.due_at = None
        if was is _S.LEFT:
            _say(run, "cleanup.left", f"looked at again: {_what_is_left(row)}")
        else:
            row.asked_at = now
            _ask(row, run, found, now)


def _certify(row: CleanUp, run: Run, found: Sequence[Change], now: datetime) -> None:
    """What was compared and that nothing is left, with a hash of all of it."""
    shots = RunSnapshot.objects.filter(run=run)
    before = shots.get(moment="before")
    after = shots.filter(moment="after").latest("taken_at", "id")
    compared = Counter(trace["kind"] for trace in before.document["traces"])
    row.certificate = {
        "run": str(run.pk),
        "plan_digest": run.revision.digest,
        "experiment": run.experiment_ref,
        "accounts": [place.account.account_id for place in run.places()],
        "verified_at": now.isoformat(),
        "before": {"taken_at": before.taken_at.isoformat(), "sha256": before.hash},
        "after": {"taken_at": after.taken_at.isoformat(), "sha256": after.hash},
        "compared": dict(sorted(compared.items())),
        "by_design": [asdict(change) for change in found],
        "not_seen": before.document["unseen"],
        "looks": row.looks,
    }
    row.hash = certificate_hash(row.certificate)
    if row.asked_at is not None:
        words = "cleaned up, everything is as it was before."
    elif compared:
        words = "nothing is left of it, everything is as it was before."
    else:
        words = "it changes nothing that could be compared."
    _say(run, "cleanup.clean", words)
    record(SYSTEM, "run.clean", run, certificate=row.hash)


def certificate_hash(certificate: dict[str, Any]) -> str:
    """SHA-256 over the certificate as sorted JSON."""
    text = json.dumps(certificate, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _ask(row: CleanUp, run: Run, found: Sequence[Change], now: datetime) -> None:
    """It is people's now: told at once, and a drafted finding for each thing that is left."""
    words = _what_is_left(row)
    _say(run, "cleanup.left", words)
    tell(
        Topic.RESIDUAL_FAULT,
        key=f"run:{run.pk}:left",
        text=f"{run.experiment.application.name}: {words}",
        experiment=run.experiment,
    )
    for change in residual(found)[:MOST_DRAFTED]:
        write_down_residue(run, change, now=now)
    record(SYSTEM, "run.left", run, left=[change["resource"] for change in row.left])


def _what_is_left(row: CleanUp) -> str:
    if row.problem:
        return f"whether anything is left could not be seen. {row.problem}"
    names = [str(change["label"]) for change in row.left]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"left changed: {', '.join(names[:5])}{more}."


def _say(run: Run, kind: str, words: str, *, actor: Actor | None = None) -> None:
    append_event(
        exercise=run.experiment.exercise,
        run=run,
        kind=kind,
        text=f"{run.experiment.title}: {words}",
        source=actor.name if actor else "clean-up",
        author_id=actor.user_id if actor else None,
    )


def report_done(*, actor: Actor, run: Run) -> CleanUp:
    """A person has put it back: have it looked at again, at once.

    Raises NotAllowed, Conflict when nobody was asked to.
    """
    authorize(actor, "cleanup.report", run)
    with transaction.atomic():
        locked = lock_run(run.pk)
        row = _to_do(locked)
        now = database_now()
        row.done_by_id, row.done_at, row.due_at = actor.person_id, now, now
        row.save(update_fields=["done_by", "done_at", "due_at"])
        _say(locked, "cleanup.done", "put back, being looked at again.", actor=actor)
        record(actor, "run.clean_up", locked)
    return row


def waive(*, actor: Actor, run: Run, because: str) -> CleanUp:
    """Leave it as it is, with a name and a reason.

    Raises Invalid (reason), NotAllowed, Conflict when nobody was asked to see to it.
    """
    authorize(actor, "cleanup.waive", run)
    because = because.strip()
    if not 10 <= len(because) <= LONGEST_REASON:
        raise Invalid("because", f"say why it may stay, in 10 to {LONGEST_REASON} characters")
    with transaction.atomic():
        locked = lock_run(run.pk)
        row = _to_do(locked)
        row.state, row.settled_at, row.due_at = _S.WAIVED.value, database_now(), None
        row.waived_by_id, row.waived_because = actor.person_id, because
        row.save(update_fields=["state", "settled_at", "due_at", "waived_by", "waived_because"])
        _say(locked, "cleanup.waived", f"what is left stays. {because}", actor=actor)
        record(actor, "run.waive_clean_up", locked, because=because)
    return row


def _to_do(run: Run) -> CleanUp:
    row = CleanUp.objects.select_for_update(no_key=True).filter(run=run).first()
    if row is None or row.state != _S.LEFT.value:
        raise Conflict("nothing of this run waits to be cleaned up")
    return row
