"""What the tests of engines share: an account and an eye on the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from exercises.aws import sessions
from exercises.aws.sessions import Purpose, client
from exercises.domain.plans import AccountAccess
from exercises.engines.fis import FisEngine
from tests.lambda_hand import Hand
from tests.simulated_aws import PLATFORM, PRODUCTION, access_to, stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator


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


@pytest.fixture
def calls(access: AccountAccess) -> Iterator[list[str]]:
    """The FIS operations that are asked for, in order, whatever their purpose."""
    seen: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        seen.append(event_name.rsplit(".", 1)[-1])

    with listening(access, "before-send.fis", note):
        yield seen


class listening:  # noqa: N801 - reads as a statement
    """Hook a handler into every FIS client of the account, those of one start included."""

    def __init__(self, access: AccountAccess, event: str, handler: Callable[..., Any]) -> None:
        self._clients = [client(access, "fis", purpose) for purpose in Purpose]
        self._event, self._handler = event, handler

    def __enter__(self) -> None:
        for hooked in self._clients:
            hooked.meta.events.register(self._event, self._handler)
        self._patch = pytest.MonkeyPatch()
        create = sessions._new_client

        def hooked_client(*args: Any) -> Any:
            made = create(*args)
            made.meta.events.register(self._event, self._handler)
            return made

        self._patch.setattr(sessions, "_new_client", hooked_client)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        for hooked in self._clients:
            hooked.meta.events.unregister(self._event, self._handler)


@pytest.fixture(scope="module")
def joined(aws: Simulator) -> Simulator:
    aws.join("media-functions")
    return aws


@pytest.fixture
def hand(joined: Simulator) -> Iterator[Hand]:
    """A parameter that is off, and no lease of another test."""
    made = Hand(access_to(PLATFORM))
    made.value = "{}"
    yield made
    joined.knobs.clear()
    for page in made.ssm.get_paginator("get_parameters_by_path").paginate(
        Path="/chaosplane/", Recursive=True
    ):
        for each in page["Parameters"]:
            made.ssm.delete_parameter(Name=each["Name"])
