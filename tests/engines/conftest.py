"""What the tests of engines share: an account, definitions, and an eye on the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import StartOrder
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.simulated_aws import PRODUCTION, REGION, access_to, stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator

ALARM = f"arn:aws:cloudwatch:{REGION}:{PRODUCTION}:alarm:mqtt-undelivered-high"


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as running:
        yield running


@pytest.fixture
def access(aws: Simulator) -> AccountAccess:
    return access_to(PRODUCTION)


@pytest.fixture
def fis() -> FisEngine:
    return FisEngine()


def waiting(minutes: int = 10, **more: Any) -> dict[str, Any]:
    """A definition that only waits."""
    return {
        "description": "Wait",
        "targets": {},
        "actions": {
            "Wait": {"actionId": "aws:fis:wait", "parameters": {"duration": f"PT{minutes}M"}}
        },
        "stopConditions": [{"source": "aws:cloudwatch:alarm", "value": ALARM}],
        "roleArn": f"arn:aws:iam::{PRODUCTION}:role/fis-experiments",
    } | more


def stopping(zone: str, *, minutes: int = 10, mode: str = "ALL") -> dict[str, Any]:
    """A definition that stops the broker's instances of one zone."""
    return waiting() | {
        "description": f"Stop brokers in {zone}",
        "targets": {
            "brokers": {
                "resourceType": "aws:ec2:instance",
                "resourceTags": {"chaosplane:application": "mqtt-broker"},
                "filters": [
                    {"path": "State.Name", "values": ["running"]},
                    {"path": "Placement.AvailabilityZone", "values": [zone]},
                ],
                "selectionMode": mode,
            }
        },
        "actions": {
            "Stop-brokers": {
                "actionId": "aws:ec2:stop-instances",
                "parameters": {"startInstancesAfterDuration": f"PT{minutes}M"},
                "targets": {"Instances": "brokers"},
            }
        },
    }


def order(template_ref: str, run_id: str, *, is_rehearsal: bool = False) -> StartOrder:
    return StartOrder(
        run_id=run_id,
        template_ref=template_ref,
        token=f"chaosplane-{run_id}",
        is_rehearsal=is_rehearsal,
        tags={"chaosplane:exercise": "test"},
    )


@pytest.fixture
def calls(access: AccountAccess) -> Iterator[list[str]]:
    """The FIS operations that are asked for, in order, whatever their purpose."""
    seen: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        seen.append(event_name.rsplit(".", 1)[-1])

    with listening(access, "before-send.fis", note):
        yield seen


class listening:  # noqa: N801 - reads as a statement
    """Hook a handler into every FIS client of the account."""

    def __init__(self, access: AccountAccess, event: str, handler: Callable[..., Any]) -> None:
        self._clients = [client(access, "fis", purpose) for purpose in Purpose]
        self._event, self._handler = event, handler

    def __enter__(self) -> None:
        for hooked in self._clients:
            hooked.meta.events.register(self._event, self._handler)

    def __exit__(self, *_: object) -> None:
        for hooked in self._clients:
            hooked.meta.events.unregister(self._event, self._handler)
