"""What a queue says has a Region looked at at once, and does nothing else, whoever wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exercises.aws import queue
from exercises.aws.sessions import Purpose, client
from exercises.models import AccountRegion, Run
from exercises.models.due_work import database_now
from exercises.services import engine_events
from exercises.services.engine_events import Ears, hear
from tests import build
from tests.cast import Cast
from tests.simulated_aws import stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db

REF = "EXPa1b2c3d4e5f6g7h"


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as running:
        yield running


@pytest.fixture
def place(cast: Cast, aws: Simulator, monkeypatch: pytest.MonkeyPatch) -> AccountRegion:
    """A Region that names the queue, where one run is under way and no look is due."""
    monkeypatch.setattr(queue, "WAIT_S", 0)
    _, run = build.live(cast)
    Run.objects.filter(pk=run.pk).update(state="starting", due_at=None)
    Run.objects.filter(pk=run.pk).update(state="running", experiment_ref=REF)
    place = run.experiment.deployment.place
    url = f"https://sqs.{place.region}.amazonaws.com/111111111111/chaosplane-fis-events"
    AccountRegion.objects.update(
        event_queue_url=url, due_at=database_now() + timedelta(seconds=30), lease_until=None
    )
    return AccountRegion.objects.select_related("account").get(pk=place.pk)


@pytest.fixture
def sqs(place: AccountRegion) -> Any:
    return client(place.access, "sqs", Purpose.READ)


def event(**changes: object) -> str:
    said = {
        "detail-type": "FIS Experiment State Change",
        "source": "aws.fis",
        "account": "111111111111",
        "region": "eu-central-1",
        "detail": {"experiment-id": REF, "new-state": {"status": "stopped"}},
    }
    return json.dumps(said | changes)


def is_due(place: AccountRegion) -> bool:
    return AccountRegion.objects.filter(pk=place.pk, due_at__lte=database_now()).exists()


def left(sqs: Any, place: AccountRegion) -> int:
    """Messages on the queue, seen by somebody or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    said = sqs.get_queue_attributes(QueueUrl=place.event_queue_url, AttributeNames=names)
    return sum(int(number) for number in said["Attributes"].values())


def test_a_state_change_of_ours_has_the_region_looked_at_at_once(
    place: AccountRegion, sqs: Any
) -> None:
    for _ in range(2):  # doubled
        sqs.send_message(QueueUrl=place.event_queue_url, MessageBody=event())
    assert hear(place)
    assert is_due(place)
    assert left(sqs, place) == 0
    assert Run.objects.get().state == "running", "what it says of the state is not believed"
    assert not hear(place)


@pytest.mark.parametrize(
    "body",
    [
        "garbage",
        event(detail={"experiment-id": "EXPofsomebodyelse"}),
        event(account="222222222222"),
        event(region="eu-west-1"),
        event(source="my.app"),
    ],
)
def test_a_forged_or_foreign_message_changes_nothing_and_does_not_stay(
    place: AccountRegion, sqs: Any, body: str
) -> None:
    sqs.send_message(QueueUrl=place.event_queue_url, MessageBody=body)
    assert not hear(place)
    assert not is_due(place)
    assert left(sqs, place) == 0


def test_a_look_that_is_due_already_is_not_put_off(place: AccountRegion, sqs: Any) -> None:
    due_at = database_now() - timedelta(seconds=9)
    AccountRegion.objects.update(due_at=due_at)
    sqs.send_message(QueueUrl=place.event_queue_url, MessageBody=event())
    assert hear(place)
    assert AccountRegion.objects.get(pk=place.pk).due_at == due_at


def test_queues_that_are_added_are_listened_to_until_they_are_taken_away(
    place: AccountRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(engine_events, "_listen", lambda place, is_over: begun.append(is_over))
    ears = Ears()
    ears.cycle()
    ears.cycle()
    assert len(begun) == 1
    AccountRegion.objects.update(event_queue_url="")
    ears.cycle()
    assert begun[0].is_set()
