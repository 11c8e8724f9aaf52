"""A journal of its own for each test, and an estate that runs sixty times faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exercises.stopping.journal import Journal
from tests.runs.conftest import estate

__all__ = ["estate"]


@pytest.fixture(autouse=True)
def stop_folder(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "stop-journal"
    settings.CHAOSPLANE_STOP_JOURNAL = str(folder)
    return folder


@pytest.fixture
def journal(stop_folder: Path) -> Journal:
    return Journal(stop_folder)
