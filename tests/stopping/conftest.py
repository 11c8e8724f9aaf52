"""A journal of its own for each test, and an estate that runs sixty times faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exercises.services import stop_now
from exercises.stopping.journal import Journal
from tests.runs.conftest import estate

__all__ = ["estate"]


@pytest.fixture(autouse=True)
def stop_folder(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "stop-journal"
    settings.CHAOSPLANE_STOP_JOURNAL = str(folder)
    return folder


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """How soon AWS has been asked is measured by `make stop-matrix`, on a machine of its own."""
    for bound in ("ANSWER_S", "AWS_S", "SEARCH_S"):
        monkeypatch.setattr(stop_now, bound, 30.0)


@pytest.fixture
def journal(stop_folder: Path) -> Journal:
    return Journal(stop_folder)
