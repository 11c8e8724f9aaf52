"""What runs in an account is ours and known, or it is stopped, or it is reported
(invariants 1 and 5)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.engines.fis import FisEngine
from exercises.models import AccountRegion, Run, RunEvent
from exercises.models.due_work import database_now
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until, work_off
from tests.fis_definitions import waiting

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


def start_by_hand(tags: dict[str, str]) -> str:
    """An experiment that somebody starts in the account, past chaosplane."""
    place = build.account()
    fis = client(place.access, "fis", Purpose.START)
    template = fis.create_experiment_template(clientToken=str(uuid.uuid4()), **waiting(30))
    started = fis.start_experiment(
        clientToken=str(uuid.uuid4()),
        experimentTemplateId=template["experimentTemplate"]["id"],
        tags=tags,
    )
    return str(started["experiment"]["id"])


def status_of(ref: str) -> str:
    fis = client(build.account().access, "fis", Purpose.READ)
    return str(fis.get_experiment(id=ref)["experiment"]["state"]["status"])


def look_around() -> AccountRegion:
    """Let the next cycle look at the whole account."""
    AccountRegion.objects.update(scanned_at=None, due_at=database_now())
    work_off()
    return AccountRegion.objects.get()


def test_what_somebody_else_runs_is_reported_and_left_alone(cast: Cast, estate: Simulator) -> None:
    ref = start_by_hand({"team": "another"})
    (seen,) = look_around().foreign
    assert (seen["ref"], seen["run_id"]) == (ref, "")
    assert status_of(ref) not in {"stopping", "stopped"}


def test_an_experiment_of_a_run_we_do_not_know_is_reported_with_it(
    cast: Cast, estate: Simulator
) -> None:
    run_id = str(uuid.uuid4())
    ref = start_by_hand({"chaosplane:run": run_id})
    assert look_around().foreign[0] | {"status": ""} == {"ref": ref, "run_id": run_id, "status": ""}
    start_by_hand({"chaosplane:run": "not a run"})
    assert len(look_around().foreign) == 2


def test_an_experiment_that_appears_after_its_run_was_closed_is_stopped(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(state="cancelled", due_at=None)
    ref = start_by_hand({"chaosplane:run": str(run.pk)})
    for _ in range(3):
        assert look_around().foreign == []
    until(lambda: status_of(ref) == "stopped")
    assert RunEvent.objects.filter(run=run, kind="run.orphan").count() == 1


def test_what_cannot_be_ended_on_time_hides_nothing_that_must_not_run(
    cast: Cast, estate: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise EngineError("Could not end it", outcome="none", retryable=False)

    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(state="cancelled", due_at=None)
    ref = start_by_hand({"chaosplane:run": str(run.pk)})
    monkeypatch.setattr(FisEngine, "expire", denied)

    assert "Could not end it" in look_around().scan_problem
    until(lambda: status_of(ref) == "stopped")


def test_a_second_experiment_of_a_run_is_stopped_and_the_first_goes_on(
    cast: Cast, estate: Simulator
) -> None:
    _, run = build.live(cast)
    work_off()
    run = fresh(run)
    second = start_by_hand({"chaosplane:run": str(run.pk)})
    look_around()
    until(lambda: status_of(second) == "stopped")
    assert status_of(run.experiment_ref) not in {"stopping", "stopped"}
    assert fresh(run).stop_requested_at is None


def test_a_run_that_aws_forgot_is_closed_and_says_so(cast: Cast, estate: Simulator) -> None:
    _, run = build.live(cast)
    work_off()
    Run.objects.filter(pk=run.pk).update(experiment_ref="EXPgone00000000000")
    until(lambda: look_around() is not None and fresh(run).state == "failed")
    assert "does not know" in fresh(run).state_reason


def test_an_account_is_looked_at_before_anything_runs_in_it(cast: Cast, estate: Simulator) -> None:
    place = build.account()
    AccountRegion.objects.update(scanned_at=None)
    work_off()
    place.refresh_from_db()
    assert place.scanned_at is not None
    assert place.scan_problem == ""


def test_an_account_that_cannot_be_looked_at_says_why(cast: Cast, estate: Simulator) -> None:
    place = build.account()
    place.account.read_role_arn = "arn:aws:iam::111111111111:role/nobody"
    place.account.save(update_fields=["read_role_arn"])
    AccountRegion.objects.update(scanned_at=None)
    work_off()
    place.refresh_from_db()
    assert place.scanned_at is None
    assert "nobody" in place.scan_problem
