"""A stop of any of its accounts ends the experiment, with the database and without."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from exercises.aws.fleet import application_nodes
from exercises.aws.safety_lever import engage
from exercises.domain.engine_values import EngineStatus, Watch
from exercises.engines.registry import engine
from exercises.models import FreezeWindow, Run
from exercises.models.due_work import database_now
from exercises.queries.stop_target import target_of
from exercises.services.incidents import Report, report_incident
from exercises.services.sentinel import StopDriver
from exercises.services.stop import stop_region
from exercises.services.stop_targets import write_down_targets
from exercises.stopping import break_glass
from exercises.stopping.break_glass import Wish
from exercises.stopping.journal import Journal
from exercises.stopping.orders import Scope, StopOrder, target_from_json, target_to_json
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.several_accounts import scene
from tests.simulated_aws import PRODUCTION, access_to
from tests.stopping.test_stop_now import holder

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["holder"]
SECOND = f"{scene.SECOND}/{build.REGION}"
BOTH = [PRODUCTION, scene.SECOND]


@pytest.fixture
def run(cast: Cast, estate: Simulator) -> Run:
    _, run = scene.live(cast)
    return scene.started(run)


def status(run: Run) -> EngineStatus:
    """As AWS says, without asking the database."""
    (seen,) = engine("fis").observe(
        access_to(PRODUCTION), [Watch(run.experiment_ref, None, full=False)]
    )
    return seen.status


def hit(place: Any) -> bool:
    return any(node.state != "running" for node in application_nodes(place.access, "mqtt-broker"))


def has_stopped(run: Run) -> bool:
    return status(run) in {EngineStatus.STOPPING, EngineStatus.STOPPED}


def test_a_stop_of_the_second_account_ends_it_in_both(cast: Cast, run: Run) -> None:
    until(lambda: hit(scene.second()) or hit(build.account()))
    (outcome,) = stop_region(actor=cast.actor("safety"), place=scene.second())
    assert (outcome.run_id, outcome.accepted) == (str(run.pk), True)
    until(lambda: fresh(run).state == "stopped")
    until(lambda: not hit(scene.second()) and not hit(build.account()))


def test_a_safety_lever_of_the_second_account_alone_does_not_end_it(run: Run) -> None:
    until(lambda: status(run) is EngineStatus.RUNNING)
    engage(scene.second().access, "fire")
    assert status(run) is EngineStatus.RUNNING


def test_a_stop_of_a_third_account_leaves_it_alone(cast: Cast, run: Run) -> None:
    assert stop_region(actor=cast.actor("safety"), place=build.account("222222222222")) == []
    assert fresh(run).stop_requested_at is None


def test_what_waits_to_reach_the_second_account_is_cancelled_with_its_stop(
    cast: Cast, estate: Simulator
) -> None:
    _, run = scene.live(cast)
    stop_region(actor=cast.actor("safety"), place=scene.second())
    assert fresh(run).state == "cancelled"


def test_a_freeze_that_begins_in_the_second_account_ends_it(cast: Cast, run: Run) -> None:
    until(lambda: status(run) is EngineStatus.RUNNING)
    now = database_now()
    freeze = FreezeWindow.objects.create(
        name="Launch", starts_at=now, ends_at=now + timedelta(hours=1), declared_by=cast.lead
    )
    freeze.accounts.add(scene.second().account)
    until(lambda: fresh(run).state == "stopped")
    asked = run.events.get(kind="stop.requested")
    assert asked.details["reason"] == "The freeze Launch has begun"


def test_an_incident_in_the_second_account_ends_it(cast: Cast, run: Run) -> None:
    report = Report(
        external_id="INC-7", title="The network is down", severity="high", stop=True,
        accounts=[scene.second().account],
    )  # fmt: skip
    _, (outcome,) = report_incident(actor=cast.actor("lead"), report=report)
    assert (outcome.run_id, outcome.accepted) == (str(run.pk), True)


def stopped_without_the_database(holder: Client) -> Any:
    sent = {"confirm": "1", "scope": "region", "what": SECOND}
    done = holder.post("/stop-now/", sent, headers={"Accept": "application/json"})
    return json.loads(done.content)["stopped"]


def forget_targets(file: Path) -> None:
    """As if it had been written before anything ran."""
    file.write_text(json.dumps(json.loads(file.read_text()) | {"targets": []}))


@pytest.fixture
def written_down(run: Run) -> Path:
    """The list of what can be stopped, with this run on it."""
    write_down_targets()
    return Path(settings.CHAOSPLANE_STOP_JOURNAL) / "targets.json"


def test_without_the_database_a_stop_of_the_second_account_ends_what_was_written_down(
    holder: Client, run: Run, written_down: Path, no_database: None
) -> None:
    (told,) = stopped_without_the_database(holder)
    assert (told["experiment"], told["accounts"]) == (run.experiment_ref, BOTH)
    assert has_stopped(run)


def test_without_the_database_a_stop_of_the_second_account_ends_what_started_since(
    holder: Client, run: Run, written_down: Path, no_database: None
) -> None:
    forget_targets(written_down)
    (told,) = stopped_without_the_database(holder)
    assert (told["experiment"], told["accounts"]) == (run.experiment_ref, BOTH)
    assert has_stopped(run)


def test_the_page_that_needs_no_database_says_which_accounts_it_reached(
    holder: Client, run: Run, written_down: Path
) -> None:
    page = holder.post("/stop-now/", {"confirm": "1", "scope": "region", "what": SECOND})
    assert f"in accounts {', '.join(BOTH)}" in page.content.decode()


def test_the_sentinel_ends_what_reaches_an_account_whose_stop_only_the_journal_knows(
    cast: Cast, run: Run, written_down: Path, journal: Journal
) -> None:
    forget_targets(written_down)
    safety = cast.safety
    journal.open(StopOrder(Scope.REGION, SECOND, safety.name, safety.pk, "page", "fire"), [])
    StopDriver().cycle()
    (entry,) = journal.under_way()
    assert entry.targets[run.experiment_ref].also_in == (scene.SECOND,)
    assert has_stopped(run)


@pytest.mark.parametrize("is_listed", [True, False])
def test_chaosplane_stop_in_the_second_account_ends_what_reaches_it(
    run: Run, written_down: Path, journal: Journal, *, is_listed: bool
) -> None:
    if not is_listed:
        forget_targets(written_down)
    said: list[str] = []
    access = scene.second().access
    wish = Wish(
        [build.REGION], journal.folder, account=scene.SECOND,
        role_arn=access.stop_role_arn, external_id=access.external_id,
    )  # fmt: skip
    assert break_glass.stop(wish, said.append) == break_glass.STILL_STOPPING
    assert any(run.experiment_ref in line and ", ".join(BOTH) in line for line in said)
    assert has_stopped(run)


def test_chaosplane_stop_says_that_it_cannot_search_other_accounts(
    run: Run, written_down: Path, journal: Journal
) -> None:
    told = json.loads(written_down.read_text())
    for place in told["places"]:
        place["stop_role_arn"] += "-of-nobody"
    written_down.write_text(json.dumps(told | {"targets": []}))
    said: list[str] = []
    access = scene.second().access
    wish = Wish(
        [build.REGION], journal.folder,
        role_arn=access.stop_role_arn, external_id=access.external_id,
    )  # fmt: skip
    assert break_glass.stop(wish, said.append) == break_glass.ALL_ENDED
    assert any("could not be searched" in line for line in said)


def test_a_stop_that_was_written_before_there_were_further_accounts_is_read(run: Run) -> None:
    target = target_of(run)
    assert target is not None
    assert target_from_json(json.loads(json.dumps(target_to_json(target)))) == target
    alone = replace(target, also_in=())
    assert "also_in" not in target_to_json(alone)
    assert target_from_json(target_to_json(alone)) == alone
