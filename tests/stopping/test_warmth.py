"""A stop finds its clients made, and one Region that cannot be had hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exercises.aws import sessions
from exercises.stopping.targets import Stoppable, write_targets
from exercises.stopping.warmth import warm_up
from tests.simulated_aws import PLATFORM, PRODUCTION, access_to, stopped_clock

if TYPE_CHECKING:
    from simulator.server import Simulator


@pytest.fixture(scope="module")
def aws() -> Iterator[Simulator]:
    with stopped_clock() as running:
        yield running


def test_every_region_of_the_list_is_at_hand(aws: Simulator, stop_folder: Path) -> None:
    places = (access_to(PRODUCTION, external_id="wrong"), access_to(PLATFORM))
    write_targets(stop_folder, Stoppable(places=places))
    assert warm_up(stop_folder) == 1
    known = {access for access, _, _ in sessions._clients}
    assert access_to(PLATFORM) in known
