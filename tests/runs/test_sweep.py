"""A run ends clean with a certificate, or people are asked to put back what it left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, transaction

from exercises.aws.sessions import Purpose, client
from exercises.domain.clean_ups import LIMIT_S, CleanUpState, after_a_look, pause_s
from exercises.domain.errors import Conflict, Invalid, NotAllowed, Refused
from exercises.domain.exercise_phases import Phase
from exercises.domain.snapshots import Calls
from exercises.models import (
    Announcement,
    CleanUp,
    CloudAccount,
    Exercise,
    Finding,
    Run,
    RunSnapshot,
)
from exercises.models.due_work import claim, database_now
from exercises.queries.notice_recipients import recipients_of
from exercises.queries.plans import planned_wall
from exercises.services.exercises import move_exercise
from exercises.services.sweep import certificate_hash, report_done, sweep_run, waive
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until, work_off
from tests.residue_runs import left_behind

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


def look(run: Run) -> CleanUp:
    """One look now, whenever it was due."""
    CleanUp.objects.filter(run=run, due_at__isnull=False).update(due_at=database_now())
    for row in claim(CleanUp.objects.filter(run=run)):
        sweep_run(clean_up_id=row.pk, fence=row.fence)
    return CleanUp.objects.get(run=run)


def ended(run: Run, *, ago_s: float = 0) -> None:
    """The run is over for us, so many planned seconds ago; what it stopped is still stopped."""
    at = database_now() - planned_wall(ago_s)
    Run.objects.filter(pk=run.pk).update(state="completed", ended_at=at, due_at=None)


def stopped(run: Run) -> list[str]:
    access = run.experiment.deployment.place.access
    found = client(access, "ec2", Purpose.READ).describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["stopped", "stopping"]}]
    )
    return [i["InstanceId"] for row in found["Reservations"] for i in row["Instances"]]


def put_back(run: Run) -> None:
    access = run.experiment.deployment.place.access
    client(access, "ec2", Purpose.START).start_instances(InstanceIds=stopped(run))


@pytest.fixture
def run(cast: Cast, estate: Simulator) -> Run:
    """A run whose broker is stopped."""
    _, run = build.live(cast)
    work_off()
    until(lambda: bool(stopped(run)))
    return fresh(run)


def test_aws_gets_half_an_hour_then_people_are_asked_until_it_is_put_back(
    cast: Cast, run: Run
) -> None:
    assert look(run).state == "waiting", "it has not ended"
    ended(run)
    row = look(run)
    assert (row.state, len(row.left), row.asked_at) == ("looking", 1, None)
    assert row.due_at is not None
    assert not Finding.objects.exists()

    ended(run, ago_s=LIMIT_S + 60)
    assert look(run).state == "left"
    (change,) = CleanUp.objects.get(run=run).left
    (name,) = stopped(run)
    assert change["command"] == (
        f"aws ec2 start-instances --instance-ids {name} --region {build.REGION}"
    )
    finding = Finding.objects.get(resource=change["resource"])
    assert (finding.state, finding.severity, finding.run) == ("draft", 3, run)

    report_done(actor=cast.actor("author"), run=run)
    row = look(run)
    assert (row.state, row.due_at) == ("left", None), "nothing was put back"
    assert Finding.objects.count() == 1
    told = Announcement.objects.get(topic="residual_fault")
    assert cast.owner.pk in recipients_of(told).people

    put_back(run)
    report_done(actor=cast.actor("author"), run=run)
    row = look(run)
    assert (row.state, row.left, row.done_by) == ("clean", [], cast.author)
    assert row.certificate["compared"] == {"instances": 9}, "all that it could have hit"
    assert row.hash == certificate_hash(row.certificate)
    before, *_, after = RunSnapshot.objects.filter(run=run)
    assert row.certificate["before"]["sha256"] == before.hash
    assert row.certificate["after"]["sha256"] == after.hash
    assert run.events.filter(kind="cleanup.clean").count() == 1


def test_what_aws_does_not_tell_is_a_task_too_and_no_finding(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    work_off()
    ended(run, ago_s=LIMIT_S + 60)
    CloudAccount.objects.update(external_id="another")
    row = look(run)
    assert row.state == "left"
    assert "assume" in row.problem
    assert not Finding.objects.exists()


def test_a_start_whose_targets_cannot_be_noted_does_not_happen(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exercises.engines.fis_snapshot.Calls", lambda: Calls(0))
    _, run = build.live(cast)
    work_off()
    run = fresh(run)
    assert (run.state, run.experiment_ref) == ("skipped", "")
    assert "Could not note how it is before the start" in run.state_reason


@pytest.fixture
def left(cast: Cast) -> Run:
    """It ended long ago, and something of it is left."""
    return left_behind(cast)


def test_the_debrief_does_not_close_over_what_is_left(cast: Cast, left: Run) -> None:
    where = left.experiment.exercise
    Exercise.objects.filter(pk=where.pk).update(phase=Phase.DEBRIEF.value)
    with pytest.raises(Refused, match="Not seen to be clean yet: Stop one broker"):
        move_exercise(actor=cast.actor("lead"), exercise=where, to=Phase.CLOSED)
    waive(actor=cast.actor("owner"), run=left, because="The broker is retired tomorrow.")
    with pytest.raises(Refused, match="debrief has no answers"):
        move_exercise(actor=cast.actor("lead"), exercise=where, to=Phase.CLOSED)
    row = CleanUp.objects.get(run=left)
    assert (row.state, row.waived_by) == ("waived", cast.owner)


def test_only_an_owner_leaves_it_with_a_reason_and_only_while_something_is_left(
    cast: Cast, left: Run
) -> None:
    with pytest.raises(NotAllowed):
        waive(actor=cast.actor("author"), run=left, because="It does not matter.")
    with pytest.raises(Invalid, match="because: say why it may stay, in 10 to 500 characters"):
        waive(actor=cast.actor("owner"), run=left, because="No.")
    with pytest.raises(NotAllowed):
        report_done(actor=cast.actor("outsider"), run=left)
    waive(actor=cast.actor("owner"), run=left, because="It does not matter.")
    with pytest.raises(Conflict, match="nothing of this run waits"):
        report_done(actor=cast.actor("author"), run=left)


def test_what_was_seen_is_never_changed(left: Run) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        RunSnapshot.objects.filter(run=left).update(hash="0" * 64)


def test_a_late_worker_looks_at_nothing(left: Run) -> None:
    row = CleanUp.objects.get(run=left)
    sweep_run(clean_up_id=row.pk, fence=row.fence + 1)
    assert CleanUp.objects.get(run=left).looks == row.looks


@pytest.mark.parametrize(
    ("state", "is_clean", "since_s", "leads_to"),
    [
        ("waiting", True, 0, "clean"),
        ("waiting", False, 0, "looking"),
        ("looking", False, LIMIT_S - 1, "looking"),
        ("looking", False, LIMIT_S, "left"),
        ("left", False, LIMIT_S * 9, "left"),
        ("left", True, LIMIT_S * 9, "clean"),
    ],
)
def test_a_look_leads_on(state: str, is_clean: bool, since_s: float, leads_to: str) -> None:
    found = after_a_look(CleanUpState(state), is_clean=is_clean, since_end_s=since_s)
    assert found == leads_to


def test_pauses_grow_up_to_a_limit() -> None:
    assert [pause_s(n) for n in (0, 1, 2, 9, 10_000)] == [30, 60, 120, 480, 480]
