"""What is kept of a Chaos Toolkit run that has ended, whatever it left behind."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from exercises.domain.engine_values import StartOrder
from exercises.engines import chaostoolkit
from exercises.engines import toolkit_folder as files
from exercises.engines.chaostoolkit import ToolkitEngine
from tests.simulated_aws import PLATFORM, access_to
from tests.toolkit_experiments import action, desired, document, python

if TYPE_CHECKING:
    from simulator.server import Simulator

RUN = "5d0d54a4-3f6c-4c9e-9d53-6cf9e4a0a5a1"


@pytest.fixture(autouse=True)
def folder(aws: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    aws.join("content-moderation")
    monkeypatch.setenv("CHAOSPLANE_TOOLKIT_DIR", str(tmp_path))
    return tmp_path / RUN


def left(folder: Path, definition: Any) -> str:
    """A run that has ended; its reference."""
    order = StartOrder(
        run_id=RUN,
        template_ref="digest",
        token="token",
        is_rehearsal=False,
        not_after=datetime.now(UTC),
        tags={},
    )
    content = chaostoolkit._order(access_to(PLATFORM), order, definition)
    files.make_once(folder / files.ORDER, content)
    (folder / files.WORK).mkdir()
    files.note(folder, "began", mode="run")
    files.note(folder, "ended", status="completed", reason="")
    return chaostoolkit.REF + RUN


def test_what_was_hit_and_is_gone_does_not_keep_the_rest_from_being_kept(folder: Path) -> None:
    stopped = python(
        "chaosaws.ecs.actions",
        "stop_task",
        cluster="content-moderation",
        task_id="0123456789abcdef",
        reason="x",
    )
    archive = ToolkitEngine().archive(
        access_to(PLATFORM), left(folder, document(action("stop", stopped)))
    )
    assert archive.targets == ()
    assert "there is no" in str(archive.document["targets_problem"])
    assert len(archive.document["events"]) == 2  # type: ignore[arg-type]


def test_what_the_database_refuses_is_left_out_of_what_is_kept(folder: Path) -> None:
    ref = left(folder, document(action("to-zero", desired(0))))
    files.note(folder, "activity", output="a\0b", reason="\ud800", value=float("inf"))
    journal = r'{"status": "completed", "run": [{"output": ["\u0000x", NaN, 1e999, "\ud800"]}]}'
    (folder / files.WORK / "journal.json").write_text(journal, encoding="utf-8")
    kept = ToolkitEngine().archive(access_to(PLATFORM), ref).document
    assert kept["journal"]["run"] == [{"output": ["x", None, None, "?"]}]  # type: ignore[index]
    last = kept["events"][-1]  # type: ignore[index]
    assert (last["output"], last["reason"], last["value"]) == ("ab", "?", None)


def test_what_is_there_is_kept_as_what_was_hit(folder: Path) -> None:
    ref = left(folder, document(action("to-zero", desired(0))))
    archive = ToolkitEngine().archive(access_to(PLATFORM), ref)
    assert [target.target_name for target in archive.targets] == ["to-zero"]
    assert archive.document["targets_problem"] == ""


def test_a_run_that_has_ended_is_passed_over_without_its_order(folder: Path) -> None:
    left(folder, document(action("to-zero", desired(0))))
    (folder / files.ORDER).write_text("torn", encoding="utf-8")
    assert ToolkitEngine().discover(access_to(PLATFORM)) == []
