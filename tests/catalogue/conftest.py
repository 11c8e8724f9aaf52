"""An account to read from: the simulated one, whose time stands still."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from exercises.models import AccountRegion
from tests import build
from tests.cast import Cast
from tests.simulated_aws import stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as running:
        yield running


@pytest.fixture
def place(aws: Simulator, cast: Cast) -> AccountRegion:
    """The production account, which the cast's team sets up."""
    found = build.account()
    found.account.team = cast.team
    found.account.save(update_fields=["team"])
    return found
