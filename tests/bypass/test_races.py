"""The bypasses that take two hands at once. `make bypass` plays each 200 times, the suite a few.

Every interleaving is a whole one: rows committed by real connections, starts asked of
simulated AWS. A seed names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import QuerySet

from exercises.aws.sessions import Purpose, client
from exercises.domain.approvals import DecisionVerdict
from exercises.domain.capacities import Capacity
from exercises.domain.run_states import RunState
from exercises.engines.fis import FisEngine
from exercises.models import (
    AccountRegion,
    AuditEntry,
    Decision,
    Exercise,
    Experiment,
    Membership,
    Run,
    User,
)
from exercises.models.due_work import claim, database_now
from exercises.queries.approvals import approval_of
from exercises.queries.start_gate import refusals
from exercises.services.decide import decide
from exercises.services.observe import observe_region
from exercises.services.propose import edit_draft, propose, start_draft
from exercises.services.run_events import move_run
from exercises.services.start import start_run
from exercises.services.stop import stop_run
from exercises.services.system import SYSTEM
from tests import build
from tests.bypass.classes import TRIES
from tests.bypass.races import Tally, together
from tests.cast import Cast
from tests.drive import fresh

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]


def proposals(cast: Cast, count: int) -> Iterator[Experiment]:
    """Self-service experiments of the author: once approved, their slot starts them."""
    for number in range(count):
        claim = f"If one broker stops, then messages are delivered in 2 minutes, {number}."
        draft = build.draft(cast, title=f"Try {number}", hypothesis=claim, slot_offset_s=0)
        author = cast.actor("author")
        starts_at = database_now() + timedelta(hours=1)
        made = start_draft(actor=author, draft=draft, starts_at=starts_at)
        yield propose(actor=author, experiment=made)


def says(
    cast: Cast,
    name: str,
    experiment: Experiment,
    verdict: DecisionVerdict = DecisionVerdict.APPROVE,
    capacity: Capacity | None = None,
) -> Callable[[], Decision]:
    """This person's word on what stands there now, to be given later."""
    assert experiment.revision is not None
    seen, actor = experiment.revision.digest, cast.actor(name)
    return lambda: decide(
        actor=actor,
        experiment=experiment,
        verdict=verdict,
        digest_seen=seen,
        capacity=capacity,
        reason="" if verdict is DecisionVerdict.APPROVE else "Not today.",
    )


def would_start(experiment: Experiment) -> bool:
    """Whether the gate lets any run of it through when its slot has come."""
    current = Experiment.objects.get(pk=experiment.pk)
    found = False
    for run in Run.objects.filter(experiment=current, state="scheduled"):
        told = {r.rule for r in refusals(run, now=database_now(), target_count=1)}
        found = found or not any(rule.startswith("approval.") for rule in told)
    return found or approval_of(current, now=database_now()).is_complete


@pytest.mark.bypass("B11")
def test_approve_and_edit_at_once_leave_nothing_approved(cast: Cast, tally: Tally) -> None:
    """B11: before the edit it is void, after it a conflict; never an approval of the edit."""
    starts = 0
    for seed, experiment in enumerate(proposals(cast, TRIES)):
        build.approve(cast, experiment, "owner")
        changed = replace(build.draft(cast, target_cap=2), slot_offset_s=0)
        author = cast.actor("author")
        together(
            seed,
            says(cast, "lead", experiment),
            partial(edit_draft, actor=author, experiment=experiment, draft=changed),
        )
        experiment.refresh_from_db()
        assert experiment.revision is not None
        after = Decision.objects.filter(experiment=experiment, digest=experiment.revision.digest)
        starts += after.exists() or would_start(experiment)
    tally.done(TRIES, starts)
    assert starts == 0


def closing(people: QuerySet[User]) -> Callable[[], int]:
    return lambda: people.update(is_active=False)


@pytest.mark.bypass("B11")
def test_approve_and_take_back_at_once_leave_nothing_approved(cast: Cast, tally: Tally) -> None:
    """B11: one person's yes is the last that was missing while another's turns into a no, or
    while that other's account is closed."""
    starts = 0
    for seed, experiment in enumerate(proposals(cast, TRIES)):
        build.approve(cast, experiment, "owner")
        no = says(cast, "owner", experiment, DecisionVerdict.DECLINE)
        if seed % 2:
            owners = User.objects.filter(pk=cast.owner.pk)
            together(seed, says(cast, "lead", experiment), closing(owners))
        else:
            together(seed, says(cast, "lead", experiment), no)
        starts += would_start(experiment)
        User.objects.filter(pk=cast.owner.pk).update(is_active=True)
    tally.done(TRIES, starts)
    assert starts == 0


@pytest.mark.bypass("B11", "B24")
def test_one_person_approving_twice_at_once_counts_once(cast: Cast, tally: Tally) -> None:
    """B11, B24: in the same capacity and in two that they hold."""
    Membership.objects.create(user=cast.lead, team=cast.team, role="owner", granted_at=None)
    starts = 0
    for seed, experiment in enumerate(proposals(cast, TRIES)):
        second = Capacity.SERVICE_OWNER if seed % 2 else Capacity.PROGRAMME_LEAD
        together(
            seed,
            says(cast, "lead", experiment, capacity=Capacity.PROGRAMME_LEAD),
            says(cast, "lead", experiment, capacity=second),
        )
        starts += would_start(experiment)
    tally.done(TRIES, starts)
    assert starts == 0


def due(cast: Cast, experiment: Experiment) -> Run:
    """It is approved and its slot has come; claimed by a worker."""
    build.approve(cast, experiment, "owner", "lead")
    now = database_now()
    AccountRegion.objects.update(scanned_at=now)
    Exercise.objects.filter(pk=experiment.exercise_id).update(starts_at=now - timedelta(minutes=1))
    Run.objects.filter(experiment=experiment).update(scheduled_at=now, due_at=now)
    (run,) = claim(Run.objects.filter(experiment=experiment), ahead_s=5)
    return run


def experiments_in_account() -> list[dict[str, Any]]:
    listed = client(build.account().access, "fis", Purpose.READ).list_experiments(maxResults=100)
    found: list[dict[str, Any]] = listed["experiments"]
    return found


def of_run(run: Run) -> list[dict[str, Any]]:
    """What simulated AWS has of it, whatever the database says."""
    return [e for e in experiments_in_account() if e["tags"].get("chaosplane:run") == str(run.pk)]


def goes_on(run: Run) -> bool:
    """Whether something of it still runs after the next looks at its account."""
    for _ in range(10):
        AccountRegion.objects.update(due_at=database_now(), lease_until=None)
        for place in claim(AccountRegion.objects.all()):
            observe_region(region_id=place.pk, fence=place.fence)
        if all(e["state"]["status"] in {"stopping", "stopped"} for e in of_run(run)):
            return False
    return True


def out_of_the_way(run: Run) -> None:
    """Ended in the database, so that the next try need not wait for AWS's rollback."""
    current = fresh(run)
    if current.ended_at is None and current.state == "running":
        stop_run(actor=SYSTEM, run=current)
        current = fresh(run)
    if current.state == "stopping":
        archive: dict[str, object] = {"experiment": {}}
        move_run(current, RunState.STOPPED, text="", ended_at=database_now(), archive=archive)


@pytest.mark.bypass("B12")
def test_a_no_at_the_moment_of_the_start_wins(cast: Cast, estate: Simulator, tally: Tally) -> None:
    """B12: before the intent nothing starts, after it what started is stopped; audited."""
    starts = 0
    orders: set[bool] = set()
    for seed, experiment in enumerate(proposals(cast, TRIES)):
        run = due(cast, experiment)
        together(
            seed,
            partial(start_run, run_id=str(run.pk), fence=run.fence),
            says(cast, "owner", experiment, DecisionVerdict.DECLINE),
            within_s=0.4,
        )
        starts += goes_on(run)
        ended = fresh(run)
        assert AuditEntry.objects.filter(action="experiment.decline").count() == seed + 1
        if ended.state == "skipped":
            assert "declined" in ended.state_reason, ended.state_reason
        else:
            assert ended.stop_requested_at is not None, ended.state
        orders.add(ended.state == "skipped")
        out_of_the_way(run)
    tally.done(TRIES, starts)
    assert starts == 0
    assert len(orders) == 2 or TRIES < 50, "both orders are met"


@pytest.mark.bypass("B20")
def test_a_template_changed_at_the_moment_of_the_start_does_not_go_on(
    cast: Cast, estate: Simulator, tally: Tally
) -> None:
    """B20: changed before the check it does not start, after it what started is compared with
    what was approved and stopped."""
    starts = met = 0
    for seed, experiment in enumerate(proposals(cast, TRIES)):
        run = due(cast, experiment)
        plan = run.revision.plan
        access = run.experiment.deployment.place.access
        ref = FisEngine().provision(access, plan["definition"], run.revision.digest)
        action = copy.deepcopy(plan["definition"]["actions"]["Stop-one"])
        action["parameters"] = {"startInstancesAfterDuration": "PT12H"}
        fis = client(access, "fis", Purpose.START)
        together(
            seed,
            partial(start_run, run_id=str(run.pk), fence=run.fence),
            partial(fis.update_experiment_template, id=ref, actions={"Stop-one": action}),
            within_s=0.4,
        )
        is_other = other_than_approved(run)
        met += is_other
        starts += is_other and goes_on(run)
        out_of_the_way(run)
    tally.done(TRIES, starts)
    assert starts == 0
    assert met or TRIES < 50, "some change falls between the check and the start"


def other_than_approved(run: Run) -> bool:
    approved = run.revision.plan["definition"]["actions"]["Stop-one"]["parameters"]
    reader = client(build.account().access, "fis", Purpose.READ)
    return any(
        reader.get_experiment(id=e["id"])["experiment"]["actions"]["Stop-one"]["parameters"]
        != approved
        for e in of_run(run)
    )
