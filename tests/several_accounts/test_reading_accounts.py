"""What one experiment in several accounts hits and leaves is read in every one of them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from exercises.aws import sessions
from exercises.aws.sessions import Purpose, forget_clients
from exercises.domain.clean_ups import LIMIT_S
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.snapshots import Snapshot, as_json, from_json
from exercises.domain.target_accounts import account_of
from exercises.engines.fis import FisEngine
from exercises.engines.registry import engine
from exercises.models import CleanUp, CloudAccount, Finding, Run, RunSnapshot, TemplateVersion
from exercises.models.due_work import claim, database_now
from exercises.queries.plans import planned_wall
from exercises.queries.target_view import target_view
from exercises.services import all_accounts
from exercises.services.look import Problems, Seen, look
from exercises.services.preflight import preview_targets
from exercises.services.sweep import sweep_run
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.simulated_aws import access_to

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db
OWN, SECOND = "111111111111", "333333333333"


@pytest.fixture
def run(cast: Cast, estate: Simulator) -> Run:
    """A scheduled run that stops one broker, found in two accounts."""
    build.deployment(cast)
    build.deployment(cast, place=build.account(SECOND))
    _, run = build.live(cast, also_in=[SECOND])
    return run


def shut_out() -> None:
    """The second account no longer lets us in."""
    CloudAccount.objects.filter(account_id=SECOND).update(external_id="another")
    forget_clients()


def by_account(rows: Any) -> Counter[str]:
    return Counter(account_of(row["arn"]) for row in rows)


def brokers(account: str, *states: str) -> list[str]:
    found = sessions.client(access_to(account), "ec2", Purpose.READ).describe_instances(
        Filters=[
            {"Name": "tag:chaosplane:application", "Values": ["mqtt-broker"]},
            {"Name": "instance-state-name", "Values": list(states)},
        ]
    )
    return [i["InstanceId"] for row in found["Reservations"] for i in row["Instances"]]


def test_a_preview_shows_the_targets_and_the_fleet_of_every_account(cast: Cast, run: Run) -> None:
    seen = preview_targets(actor=cast.actor("author"), experiment=run.experiment)
    assert seen.problem == ""
    assert by_account(seen.targets) == {OWN: 1, SECOND: 1}
    assert by_account(seen.fleet) == {OWN: 9, SECOND: 3}


def test_an_account_that_cannot_be_read_is_the_problem_of_the_whole_preview(
    cast: Cast, run: Run
) -> None:
    shut_out()
    seen = preview_targets(actor=cast.actor("author"), experiment=run.experiment)
    assert seen.problem.startswith(f"account-{SECOND[:3]} ({SECOND}): Could not assume")
    assert seen.targets == seen.fleet == []


def test_pages_show_zones_by_account_and_that_the_number_is_the_most(
    cast: Cast, run: Run, client: Client
) -> None:
    seen = preview_targets(actor=cast.actor("author"), experiment=run.experiment)
    client.force_login(cast.author)
    room = client.get(reverse("live_room", args=[run.experiment.exercise.slug])).content.decode()
    own, second = room.index('t12 dim">account-111<'), room.index('t12 dim">account-333<')
    assert own < room.index("broker-a2") < second
    page = client.get(reverse("experiment_detail", args=[run.experiment.pk])).content.decode()
    assert "2 of 12 nodes" in page
    shown = target_view(seen, run.experiment, now=database_now())
    beside = render_to_string("experiments/_targets.html", {"targets": shown})
    assert "eu-central-1a in account-111: 1 of 3" in beside
    assert "eu-central-1a in account-333: 1 of 1" in beside
    assert "At most these" in beside


def looked_at(run: Run, problems: Problems) -> Seen:
    """What a look tells of the run as one that is over."""
    run.ended_at = database_now()
    return look(run.experiment.deployment.place, [run], problems, now=database_now())


def test_a_run_sees_the_fleets_of_its_accounts_all_or_none(run: Run) -> None:
    problems = Problems(run.experiment.deployment.place)
    fleet = looked_at(run, problems).fleets[str(run.pk)]
    assert Counter(account_of(node.arn) for node in fleet) == {OWN: 9, SECOND: 3}
    shut_out()
    assert looked_at(run, problems).fleets == {}
    assert SECOND in str(problems)


def how_it_is(run: Run) -> Any:
    plan = run.revision.plan
    return all_accounts.snapshot(engine(plan["engine"]), run.places(), plan["definition"])


class Noting(FisEngine):
    """FIS, with how much of a snapshot each account was asked for again."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def snapshot(
        self, access: AccountAccess, definition: JsonObject, before: Snapshot | None = None
    ) -> Snapshot:
        self.asked.append((access.account_id, len(before.traces) if before else 0))
        return super().snapshot(access, definition, before)


def test_a_snapshot_says_of_each_trace_in_which_account_it_is(run: Run) -> None:
    seen = how_it_is(run)
    assert Counter(trace.account for trace in seen.traces) == {OWN: 9, SECOND: 3}
    assert from_json(as_json(seen)) == seen
    chosen = Noting()
    again = all_accounts.snapshot(chosen, run.places(), run.revision.plan["definition"], seen)
    assert again.hash == seen.hash
    assert chosen.asked == [(OWN, 9), (SECOND, 3)]


def test_an_account_that_is_no_longer_known_leaves_no_snapshot(run: Run) -> None:
    places = run.places()[:1]
    plan = run.revision.plan
    with pytest.raises(EngineError, match=f"Account {SECOND} is not known here"):
        all_accounts.snapshot(engine(plan["engine"]), places, plan["definition"])


def has_run(run: Run) -> None:
    """It ended long ago; how it was before was noted."""
    before = how_it_is(run)
    at = database_now() - planned_wall(LIMIT_S + 60)
    Run.objects.filter(pk=run.pk).update(state="starting", due_at=None)
    Run.objects.filter(pk=run.pk).update(state="running", started_at=at - timedelta(seconds=5))
    Run.objects.filter(pk=run.pk).update(state="completed", ended_at=at)
    RunSnapshot.objects.create(
        run=run, moment="before", taken_at=at, document=as_json(before), hash=before.hash
    )
    CleanUp.objects.create(run=run, due_at=database_now())


def swept(run: Run) -> CleanUp:
    CleanUp.objects.filter(run=run).update(due_at=database_now())
    for row in claim(CleanUp.objects.filter(run=run)):
        sweep_run(clean_up_id=row.pk, fence=row.fence)
    return CleanUp.objects.get(run=run)


def test_what_is_left_in_the_second_account_is_found_and_says_where(run: Run) -> None:
    has_run(run)
    ec2 = sessions.client(access_to(SECOND), "ec2", Purpose.START)
    [broker, *_] = brokers(SECOND, "running")
    ec2.stop_instances(InstanceIds=[broker])
    row = swept(run)
    [change] = row.left
    assert row.state == "left"
    assert account_of(change["resource"]) == SECOND
    assert change["label"].endswith(f" in account {SECOND}")
    assert Finding.objects.get().title.startswith("Mqtt Broker: broker-")
    ec2.start_instances(InstanceIds=[broker])
    row = swept(run)
    assert row.state == "clean"
    assert row.certificate["accounts"] == [OWN, SECOND]
    assert row.certificate["compared"] == {"instances": 12}


def test_an_account_that_does_not_answer_keeps_the_run_from_being_called_clean(run: Run) -> None:
    has_run(run)
    shut_out()
    row = swept(run)
    assert (row.state, row.left) == ("left", [])
    assert SECOND in row.problem


def test_a_run_hits_every_account_is_kept_with_the_targets_of_each_and_ends_clean(
    cast: Cast, estate: Simulator
) -> None:
    build.deployment(cast)
    build.deployment(cast, place=build.account(SECOND))
    every = {**build.DEFINITION["targets"]["one-instance"], "selectionMode": "ALL"}  # type: ignore[index]
    version = TemplateVersion.objects.create(
        template=build.template_version().template,
        number=7,
        definition={**build.DEFINITION, "targets": {"one-instance": every}},
        parameters=build.PARAMETERS,
        rung=1,
    )
    _, run = build.live(cast, also_in=[SECOND], template_version=version, target_cap=12)
    until(lambda: len(brokers(OWN, "stopped")) == 9 and len(brokers(SECOND, "stopped")) == 3)
    until(lambda: bool(fresh(run).archive))
    hit = fresh(run).targets.all()
    assert Counter(account_of(each.arn) for each in hit) == {OWN: 9, SECOND: 3}
    assert {each.az for each in hit} == {f"{build.REGION}{letter}" for letter in "abc"}
    until(lambda: CleanUp.objects.get(run=run).state == "clean")
    assert CleanUp.objects.get(run=run).certificate["accounts"] == [OWN, SECOND]
