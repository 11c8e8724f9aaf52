"""What holds a start in one of its accounts holds the whole experiment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from exercises.aws.safety_lever import engage
from exercises.models import (
    AccountRegion,
    CloudAccount,
    Exercise,
    FreezeWindow,
    Incident,
    Run,
    SafetyLever,
)
from exercises.models.due_work import database_now
from exercises.queries.conflicts import conflicts_of
from exercises.queries.freezes import facts_of, held_experiments
from exercises.queries.incidents import runs_under
from exercises.queries.policy import current_policy, document_of_version
from exercises.queries.readiness import readiness_of
from exercises.queries.start_gate import refusals
from exercises.services.all_accounts import engaged_levers
from exercises.services.policy import activate_policy, propose_policy
from exercises.services.start_steps import lock_for_gate
from exercises.services.stop import begin, order_of
from exercises.stopping.orders import Scope
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.runs.test_locks import waits, with_relations
from tests.several_accounts import scene

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db


def refused(run: Run) -> dict[str, str]:
    found = refusals(Run.objects.get(pk=run.pk), now=run.scheduled_at, target_count=1)
    return {refusal.rule: refusal.because for refusal in found}


@pytest.fixture
def run(cast: Cast) -> Run:
    _, run = scene.live(cast)
    return run


def freeze(cast: Cast, place: AccountRegion) -> FreezeWindow:
    now = database_now()
    found = FreezeWindow.objects.create(
        name="Launch", starts_at=now, ends_at=now + timedelta(hours=1), declared_by=cast.lead
    )
    found.accounts.add(place.account)
    return found


def incident(cast: Cast, place: AccountRegion) -> Incident:
    now = database_now()
    found = Incident.objects.create(
        external_id="INC-7", title="The network is down", severity="high",
        reported_by=cast.lead, opened_at=now, changed_at=now,
    )  # fmt: skip
    found.accounts.add(place.account)
    return found


def test_an_experiment_in_two_accounts_may_start_when_nothing_holds_it(run: Run) -> None:
    assert refused(run) == {}
    assert run.account_ids == (build.account().account.account_id, scene.SECOND)


def test_a_safety_lever_in_the_second_account_refuses_the_start(run: Run) -> None:
    SafetyLever.objects.create(
        place=scene.second(), engaged_at=database_now(), engaged_by_name="Safety officer"
    )
    assert refused(run) == {
        "stop.lever": "Everything in account-333 eu-central-1 was stopped by its safety lever."
    }


def test_a_safety_lever_that_somebody_engaged_at_aws_in_the_second_account_refuses_the_start(
    run: Run, estate: Simulator
) -> None:
    """AWS heeds only that of the account in which the experiment is started."""
    assert engaged_levers(run.places()) == ()
    engage(scene.second().access, "fire")
    (seen,) = engaged_levers(run.places())
    found = refusals(run, now=run.scheduled_at, target_count=1, levers=[seen])
    assert [refusal.because for refusal in found] == [
        "Everything in account-333 eu-central-1 was stopped by its safety lever."
    ]


def test_right_before_the_start_aws_is_asked_for_the_safety_lever_of_the_second_account(
    run: Run, estate: Simulator
) -> None:
    engage(scene.second().access, "fire")
    until(lambda: fresh(run).state == "skipped")
    assert "account-333" in fresh(run).state_reason


def test_nobody_looking_at_the_second_account_refuses_the_start(cast: Cast, run: Run) -> None:
    AccountRegion.objects.filter(pk=scene.second().pk).update(
        scanned_at=database_now() - timedelta(minutes=6)
    )
    assert list(refused(run)) == ["account.unwatched"]
    items = {i.key: i for i in readiness_of(run.experiment.exercise, now=database_now())}
    assert "account-333" in items["account.unwatched"].detail


def test_a_freeze_of_the_second_account_refuses_the_start_and_is_told(cast: Cast, run: Run) -> None:
    launch = freeze(cast, scene.second())
    assert list(refused(run)) == ["freeze.active"]
    assert held_experiments(facts_of(launch), now=database_now()) == [run.experiment]


def test_a_freeze_of_a_third_account_holds_nothing(cast: Cast, run: Run) -> None:
    freeze(cast, build.account("222222222222"))
    assert refused(run) == {}


def test_an_incident_in_the_second_account_refuses_the_start_and_reaches_the_run(
    cast: Cast, run: Run
) -> None:
    open_ = incident(cast, scene.second())
    assert list(refused(run)) == ["incident.open"]
    Run.objects.filter(pk=run.pk).update(state="starting")
    assert runs_under(open_) == [run]


def test_an_account_that_is_not_known_any_more_refuses_the_start(run: Run) -> None:
    CloudAccount.objects.filter(account_id=scene.SECOND).update(account_id="999999999999")
    assert refused(run) == {
        "account.changed": f"Account {scene.SECOND} is not known here any more."
    }


def test_an_account_that_became_another_environment_refuses_the_start(run: Run) -> None:
    CloudAccount.objects.filter(account_id=scene.SECOND).update(environment="dev")
    assert refused(run) == {
        "account.changed": "account-333 is of another environment than account-111 now."
    }


def one_at_a_time(cast: Cast) -> None:
    """A policy that lets one experiment run in an account and Region."""
    rules = document_of_version(current_policy().number) | {"concurrency": {"per_place": 1}}
    version = propose_policy(actor=cast.actor("lead"), document=rules, reason="One at a time.")
    activate_policy(actor=cast.actor("safety"), version=version, digest_seen=version.digest)


def test_what_runs_in_the_second_account_fills_it_for_an_experiment_that_reaches_it(
    cast: Cast,
) -> None:
    one_at_a_time(cast)
    _, there = build.live(cast, deployment=build.deployment(cast, slug="b", place=scene.second()))
    Exercise.objects.update(slug="earlier")
    _, run = scene.live(cast)
    assert refused(run) == {}
    Run.objects.filter(pk=there.pk).update(state="starting")
    assert refused(run) == {
        "concurrency.account": "1 running in account-333 eu-central-1, the limit is 1."
    }


def test_an_experiment_from_elsewhere_fills_each_account_that_it_reaches(cast: Cast) -> None:
    one_at_a_time(cast)
    _, run = scene.live(cast)
    Exercise.objects.update(slug="earlier")
    _, there = build.live(cast, deployment=build.deployment(cast, slug="b", place=scene.second()))
    assert refused(there) == {}
    Run.objects.filter(pk=run.pk).update(state="starting")
    assert list(refused(there)) == ["concurrency.account"]


def test_what_is_planned_in_the_second_account_is_beside_it(cast: Cast, run: Run) -> None:
    Exercise.objects.update(slug="earlier")
    _, there = build.live(cast, deployment=build.deployment(cast, slug="b", place=scene.second()))
    said = [clash.because for clash in conflicts_of(there.experiment) or ()]
    assert f"Both are in account {scene.SECOND}, {build.REGION}." in said


@pytest.mark.django_db(transaction=True)
def test_starts_that_share_only_a_target_account_wait_for_each_other(cast: Cast) -> None:
    """Else each would count before the other is there, and both would pass a full account."""
    _, here = scene.live(cast)
    _, there = scene.live(cast, slug="b", place=build.account("222222222222"))
    with transaction.atomic():
        lock_for_gate(with_relations(here), fence=0)
        assert waits(lambda: lock_for_gate(with_relations(there), fence=0))


@pytest.mark.django_db(transaction=True)
def test_a_stop_of_the_second_account_and_a_start_that_reaches_it_wait_for_each_other(
    cast: Cast,
) -> None:
    """The start either sees the lever, or is there to be stopped when it is engaged."""
    _, run = scene.live(cast)
    what = f"{scene.SECOND}/{build.REGION}"
    order = order_of(cast.actor("safety"), Scope.REGION, what, "fire")
    with transaction.atomic():
        lock_for_gate(with_relations(run), fence=0)
        assert waits(lambda: begin(order))
