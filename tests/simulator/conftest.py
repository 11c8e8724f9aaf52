"""One simulator for all of these tests; each leaves the estate as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.cloud import Cloud
from tests.simulator.worlds import Worlds


@pytest.fixture(scope="package")
def shared_cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    yield cloud
    cloud.simulator.stop()


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Iterator[Cloud]:
    yield shared_cloud
    shared_cloud.settle()


@pytest.fixture
def worlds(shared_cloud: Cloud) -> Iterator[Worlds]:
    found = Worlds(shared_cloud)
    yield found
    found.settle()
