"""A disk that is full keeps neither a stop from being asked nor a fault from being put back."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus
from exercises.engines import toolkit_folder as files
from exercises.engines.chaostoolkit import ToolkitEngine
from exercises.engines.toolkit_process import end_all
from tests.engines import test_chaostoolkit as runs
from tests.simulated_aws import PLATFORM, access_to
from tests.toolkit_experiments import action, desired, document, pausing

if TYPE_CHECKING:
    from simulator.server import Simulator


@contextmanager
def no_room(process: int = 0) -> Iterator[None]:
    """Files of a process (this one) cannot grow."""
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, before)


def test_a_stop_is_asked_for_on_a_full_disk(tmp_path: Path) -> None:
    with no_room():
        files.ask_to_stop(tmp_path)
    assert files.is_to_stop(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [files.STOP]


@pytest.mark.skipif(not runs.TOOLKIT.exists(), reason="no .venv-toolkit: `make test` makes it")
def test_what_was_changed_is_put_back_on_a_full_disk(
    aws: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.join("content-moderation")
    monkeypatch.setenv("CHAOSPLANE_TOOLKIT_DIR", str(tmp_path))
    monkeypatch.setenv("CHAOSPLANE_TOOLKIT_PYTHON", str(runs.TOOLKIT))
    monkeypatch.setenv("CHAOSPLANE_TIME_SPEED", "60")
    access, toolkit, run_id = access_to(PLATFORM), ToolkitEngine(), str(uuid4())
    client(access, "ecs", Purpose.READ).update_service(
        cluster="content-moderation", service="classify-image", desiredCount=1
    )
    definition = document(action("to-zero", desired(0)), pausing("sleep", 3_000))
    ref = runs.begun(toolkit, access, run_id, definition).ref
    runs.until(toolkit, access, ref, runs.has_begun("sleep"))
    assert runs.wanted_tasks(access) == 0
    [holder] = runs._holders(run_id)
    with no_room(holder):
        files.ask_to_stop(tmp_path / run_id)
        ends_at = time.monotonic() + runs.PATIENCE_S
        while files.is_held(tmp_path / run_id) and time.monotonic() < ends_at:
            time.sleep(0.05)  # nobody looks: another holder would put it back
        assert runs.wanted_tasks(access) == 1
    seen = runs.ended(toolkit, access, ref)
    assert seen.status in {EngineStatus.STOPPED, EngineStatus.FAILED}
    assert end_all(run_id)
