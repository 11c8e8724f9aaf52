"""A journal of its own for each test, and an estate that runs sixty times faster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from exercises.models import Exercise, Run
from exercises.services import stop_now
from exercises.services.stop_targets import write_down_targets
from exercises.stopping.journal import Journal
from tests import build
from tests.cast import Cast
from tests.drive import fresh, until
from tests.runs.conftest import estate

if TYPE_CHECKING:
    from simulator.server import Simulator

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


@pytest.fixture
def scene(cast: Cast, estate: Simulator) -> tuple[Exercise, Run]:
    exercise, run = build.live(cast)
    until(lambda: fresh(run).state == "running")
    write_down_targets()
    return exercise, fresh(run)


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The database is away, until the test ends or undoes it."""

    def refused(self: object) -> None:
        from django.db import OperationalError

        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "ensure_connection", refused)
        patch.setattr(BaseDatabaseWrapper, "_cursor", lambda self, name=None: refused(self))
        yield patch
