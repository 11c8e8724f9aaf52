"""The service that probes ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.probed_service import Service, probed_service


@pytest.fixture
def service() -> Iterator[Service]:
    with probed_service() as running:
        yield running
