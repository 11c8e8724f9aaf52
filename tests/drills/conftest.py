"""One installation for all drills: starting it costs more than any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drills.installation import Installation, running_installation


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running_installation(tmp_path_factory.mktemp("installation")) as running:
        yield running
