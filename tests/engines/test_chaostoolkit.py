"""A Chaos Toolkit run is one process that can be stopped, lost and found, and puts things back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from exercises.aws.sessions import Purpose, client
from exercises.domain.engine_values import EngineStatus, Observation, StartOrder, Watch
from exercises.domain.errors import EngineError, TemplateChanged
from exercises.domain.plans import AccountAccess
from exercises.engines import chaostoolkit
from exercises.engines import toolkit_folder as files
from exercises.engines.chaostoolkit import ToolkitEngine
from exercises.engines.toolkit_process import end_all, marked
from exercises.engines.toolkit_supervisor import SET_UP_S, Deadline
from exercises.engines.toolkit_work import Told
from simulator.knobs import Knob
from tests.simulated_aws import PLATFORM, access_to
from tests.toolkit_experiments import ALARM, action, desired, document, pausing

if TYPE_CHECKING:
    from simulator.server import Simulator

TOOLKIT = Path(__file__).parents[2] / ".venv-toolkit" / "bin" / "python"
PATIENCE_S = 60.0
pytestmark = pytest.mark.skipif(
    not TOOLKIT.exists(), reason="no .venv-toolkit: `make test` makes it"
)


@pytest.fixture
def account(aws: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AccountAccess:
    """The account of the moderated content, with its image model at one task."""
    aws.join("content-moderation")
    monkeypatch.setenv("CHAOSPLANE_TOOLKIT_DIR", str(tmp_path))
    monkeypatch.setenv("CHAOSPLANE_TOOLKIT_PYTHON", str(TOOLKIT))
    monkeypatch.setenv("CHAOSPLANE_TIME_SPEED", "60")
    monkeypatch.setenv("CHAOSPLANE_PROBE_ORIGINS", aws.url)
    access = access_to(PLATFORM)
    client(access, "ecs", Purpose.READ).update_service(
        cluster="content-moderation", service="classify-image", desiredCount=1
    )
    return access


@pytest.fixture
def toolkit() -> ToolkitEngine:
    return ToolkitEngine()


@pytest.fixture
def run_id() -> Iterator[str]:
    """A run of which nothing is left afterwards."""
    made = str(uuid4())
    yield made
    assert end_all(made)


def wanted_tasks(access: AccountAccess) -> int:
    ecs = client(access, "ecs", Purpose.READ)
    [service] = ecs.describe_services(cluster="content-moderation", services=["classify-image"])[
        "services"
    ]
    return int(service["desiredCount"])


def order(ref: str, run_id: str, **more: Any) -> StartOrder:
    usual: dict[str, Any] = {
        "token": f"token-{run_id}",
        "is_rehearsal": False,
        "not_after": datetime.now(UTC) + timedelta(seconds=60),
        "tags": {"chaosplane:exercise": "test"},
    }
    return StartOrder(run_id=run_id, template_ref=ref, **{**usual, **more})


def begun(
    toolkit: ToolkitEngine, access: AccountAccess, run_id: str, definition: Any, **more: Any
) -> Observation:
    ref = toolkit.provision(access, definition, f"digest-{run_id}")
    return toolkit.start(access, order(ref, run_id, **more))


def until(
    toolkit: ToolkitEngine,
    access: AccountAccess,
    ref: str,
    is_so: Callable[[Observation], bool],
) -> Observation:
    """Look until it is so; a run that never gets there fails the test."""
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:
        [seen] = toolkit.observe(access, [Watch(ref, None, full=True)])
        if is_so(seen):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"still {seen}")


def ended(toolkit: ToolkitEngine, access: AccountAccess, ref: str) -> Observation:
    return until(toolkit, access, ref, lambda seen: seen.status.is_terminal)


def has_begun(name: str) -> Callable[[Observation], bool]:
    return lambda seen: any(a.name == name and a.started_at for a in seen.actions)


def has_done(name: str) -> Callable[[Observation], bool]:
    return lambda seen: any(a.name == name and a.status == "completed" for a in seen.actions)


def test_a_run_is_told_live_and_kept_whole(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    definition = document(action("to-zero", desired(0)))
    ref = begun(toolkit, account, run_id, definition).ref
    again = toolkit.start(account, order(f"digest-{run_id}", run_id))
    assert again.ref == ref == toolkit.find(account, f"digest-{run_id}", run_id)
    seen = ended(toolkit, account, ref)
    assert (seen.status, seen.reason) == (EngineStatus.COMPLETED, "")
    assert [(a.name, a.status) for a in seen.actions] == [
        ("to-zero", "completed"),
        ("put-back", "completed"),
    ]
    assert wanted_tasks(account) == 1
    archive = toolkit.archive(account, ref)
    assert archive.document["journal"]["status"] == "completed"  # type: ignore[index]
    assert [event["kind"] for event in files.events_of(_folder(run_id))].count("began") == 1
    assert {target.resource_type for target in archive.targets} == {"aws:ecs:service"}
    with pytest.raises(EngineError, match="ordered before, and otherwise"):
        toolkit.start(account, order(f"digest-{run_id}", run_id, token="another"))


def _folder(run_id: str) -> Path:
    return Path(os.environ["CHAOSPLANE_TOOLKIT_DIR"]) / run_id


def test_a_stop_ends_it_in_the_middle_and_puts_back(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    definition = document(action("to-zero", desired(0), pauses={"after": 3_000}))
    ref = begun(toolkit, account, run_id, definition).ref
    until(toolkit, account, ref, has_done("to-zero"))
    assert wanted_tasks(account) == 0
    assert [tagged.run_id for tagged in toolkit.discover(account)] == [run_id]
    assert toolkit.stop(account, ref).status is EngineStatus.STOPPING
    seen = ended(toolkit, account, ref)
    assert (seen.status, seen.reason) == (EngineStatus.STOPPED, "A stop was asked for.")
    assert wanted_tasks(account) == 1
    assert toolkit.discover(account) == []
    assert toolkit.stop(account, ref).status is EngineStatus.STOPPED
    assert toolkit.try_stop(account, ref) == (True, "It is stopped, a stop changes nothing.")


def test_a_holder_that_is_killed_is_noticed_and_what_it_changed_is_put_back(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    definition = document(action("to-zero", desired(0), pauses={"after": 3_000}))
    ref = begun(toolkit, account, run_id, definition).ref
    until(toolkit, account, ref, has_done("to-zero"))
    lose_holder(run_id)
    assert toolkit.expire(account) == [ref]
    seen = ended(toolkit, account, ref)
    assert seen.status is EngineStatus.FAILED
    assert seen.reason.startswith("The process that held it ended before its time.")
    assert "was put back" in seen.reason
    assert wanted_tasks(account) == 1
    assert marked(run_id) == []
    began = [event for event in files.events_of(_folder(run_id)) if event["kind"] == "began"]
    assert len(began) == 1


def test_what_the_background_changes_after_its_rollback_is_put_back_too(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first rollback comes before the change, the second one long after it."""
    monkeypatch.setenv("CHAOSPLANE_TIME_SPEED", "6")
    late = action("to-zero", desired(0), background=True, pauses={"before": 36})
    definition = document(late, pausing("sleep", 300))
    slow = action("slow", desired(2, "classify-text"), pauses={"before": 50})
    definition["experiment"]["rollbacks"].append(slow)
    ref = begun(toolkit, account, run_id, definition).ref
    until(toolkit, account, ref, has_begun("sleep"))
    toolkit.stop(account, ref)
    seen = ended(toolkit, account, ref)
    assert has_done("to-zero")(seen)
    assert seen.status is EngineStatus.STOPPED
    assert wanted_tasks(account) == 1


def test_putting_back_is_tried_until_it_works(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str, aws: Simulator
) -> None:
    definition = document(action("to-zero", desired(0)), pausing("sleep", 3_000))
    ref = begun(toolkit, account, run_id, definition).ref
    until(toolkit, account, ref, has_done("to-zero"))
    aws.knobs.add(Knob("deny", "AssumeRole", PLATFORM, count=3))
    lose_holder(run_id)
    seen = until(toolkit, account, ref, lambda seen: len(putting_back(run_id)) > 1)
    assert seen.status is EngineStatus.STOPPING
    assert "was put back" in ended(toolkit, account, ref).reason
    assert wanted_tasks(account) == 1
    assert len(putting_back(run_id)) == 2, "one problem is told once, however often it is met"


def putting_back(run_id: str) -> list[files.Event]:
    return [event for event in files.events_of(_folder(run_id)) if event["kind"] == "putting-back"]


def test_only_a_rollback_makes_up_for_a_rollback() -> None:
    told = Told(["put-back", "put-back-too"])
    for name in ("put-back", "to-zero"):
        told.take({"kind": "activity", "phase": "rollbacks", "name": name, "status": "completed"})
    assert told.has_begun
    assert not told.is_put_back()


def lose_holder(run_id: str) -> None:
    for pid in _holders(run_id):
        os.kill(pid, signal.SIGKILL)
    ends_at = time.monotonic() + PATIENCE_S
    while files.is_held(_folder(run_id)) and time.monotonic() < ends_at:
        time.sleep(0.01)


def _holders(run_id: str) -> list[int]:
    """The supervisors of a run, by their command lines."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"toolkit_supervisor" in words and run_id.encode() in words:
            found.append(int(folder.name))
    return found


def test_what_cannot_be_interrupted_is_killed_at_its_deadline_and_put_back(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    """An endless activity: the deadline of the document is what ends it."""
    definition = document(action("to-zero", desired(0)), pausing("sleep", 3_300), deadline="PT3M")
    ref = begun(toolkit, account, run_id, definition).ref
    seen = ended(toolkit, account, ref)
    assert seen.status is EngineStatus.STOPPED
    assert seen.reason == "It was not over at its deadline."
    assert wanted_tasks(account) == 1


@pytest.mark.parametrize("own_s", [1.0, SET_UP_S, 3_300.0])
def test_a_deadline_counts_once_from_the_first_event(own_s: float) -> None:
    deadline = Deadline(own_s, now=0.0)
    assert deadline.is_over(SET_UP_S + 1)
    for now in (10.0, 10.0 + own_s):
        deadline.begin(now)
    assert not deadline.is_over(10.0 + own_s)
    assert deadline.is_over(11.0 + own_s)


def test_an_order_that_is_too_late_or_stopped_is_never_begun(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    late = datetime.now(UTC) - timedelta(seconds=1)
    definition = document(action("to-zero", desired(0)))
    seen = begun(toolkit, account, run_id, definition, not_after=late)
    seen = ended(toolkit, account, seen.ref)
    assert (seen.status, seen.started_at) == (EngineStatus.CANCELLED, None)
    assert wanted_tasks(account) == 1


def ordered_only(
    toolkit: ToolkitEngine, access: AccountAccess, run_id: str, definition: Any, **more: Any
) -> str:
    """What a worker leaves that ends between the order and the start of its process."""
    ref = toolkit.provision(access, definition, f"digest-{run_id}")
    content = chaostoolkit._order(access, order(ref, run_id, **more), definition)
    assert files.make_once(_folder(run_id) / files.ORDER, content)
    return chaostoolkit.REF + run_id


def test_looking_at_a_run_never_begins_it_and_its_start_asked_again_does(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    ref = ordered_only(toolkit, account, run_id, document(action("to-zero", desired(0))))
    assert toolkit.find(account, f"digest-{run_id}", run_id) is None
    [seen] = toolkit.observe(account, [Watch(ref, None, full=True)])
    assert seen.status is EngineStatus.PENDING
    assert toolkit.expire(account) == []
    assert not files.is_held(_folder(run_id))
    assert files.events_of(_folder(run_id)) == []
    toolkit.start(account, order(f"digest-{run_id}", run_id))
    assert toolkit.find(account, f"digest-{run_id}", run_id) == ref
    assert ended(toolkit, account, ref).status is EngineStatus.COMPLETED


def test_an_order_that_nobody_began_ends_with_its_stop_or_its_permission(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    definition = document(action("to-zero", desired(0)))
    ref = ordered_only(toolkit, account, run_id, definition)
    toolkit.stop(account, ref)
    seen = ended(toolkit, account, ref)
    assert (seen.status, seen.reason) == (EngineStatus.CANCELLED, "Stopped before it began.")
    late = str(uuid4())
    over = datetime.now(UTC) - timedelta(seconds=1)
    ref = ordered_only(toolkit, account, late, definition, not_after=over)
    assert toolkit.expire(account) == [ref]
    assert ended(toolkit, account, ref).status is EngineStatus.CANCELLED


def test_a_start_asked_again_takes_its_newer_permission(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    over = datetime.now(UTC) - timedelta(seconds=1)
    definition = document(action("to-zero", desired(0)))
    ref = ordered_only(toolkit, account, run_id, definition, not_after=over)
    toolkit.start(account, order(f"digest-{run_id}", run_id))
    assert ended(toolkit, account, ref).status is EngineStatus.COMPLETED


def test_a_rehearsal_loads_everything_and_calls_nothing(
    toolkit: ToolkitEngine, account: AccountAccess, run_id: str
) -> None:
    definition = document(action("to-zero", desired(0)))
    ref = begun(toolkit, account, run_id, definition, is_rehearsal=True).ref
    seen = ended(toolkit, account, ref)
    assert seen.status is EngineStatus.COMPLETED, seen.reason
    assert [action.status for action in seen.actions] == ["cancelled"]
    assert wanted_tasks(account) == 1


def test_what_was_changed_after_the_approval_is_refused(
    toolkit: ToolkitEngine, account: AccountAccess
) -> None:
    definition = document(action("to-zero", desired(0)))
    ref = toolkit.provision(account, definition, "digest-changed")
    with pytest.raises(TemplateChanged):
        toolkit.verify(account, ref, document(action("to-zero", desired(2))))


def test_the_preview_finds_what_is_named_and_misses_what_is_not(
    toolkit: ToolkitEngine, account: AccountAccess
) -> None:
    [target] = toolkit.preview(account, document(action("to-zero", desired(0))))
    assert target.arn.endswith("service/content-moderation/classify-image")
    gone = document(action("a", desired(0, "gone")), back=desired(1, "gone"))
    with pytest.raises(EngineError, match="there is no service gone"):
        toolkit.preview(account, gone)


def test_a_document_that_may_not_run_is_refused_by_the_engine_too(
    toolkit: ToolkitEngine, account: AccountAccess
) -> None:
    hostile = document(
        action("import", {"type": "python", "module": "os", "func": "system", "arguments": {}})
    )
    with pytest.raises(EngineError, match=r"os\.system is not among the functions"):
        toolkit.provision(account, hostile, "digest-hostile")
    elsewhere = document(
        action("to-zero", desired(0)),
        action("call", {"type": "http", "url": "http://169.254.169.254/latest"}),
    )
    with pytest.raises(EngineError, match="is not among CHAOSPLANE_PROBE_ORIGINS"):
        toolkit.provision(account, elsewhere, "digest-elsewhere")


def test_runs_of_another_account_are_not_listed(
    toolkit: ToolkitEngine, account: AccountAccess
) -> None:
    folder = _folder("somewhere")
    other = {"account_id": "999999999999", "region": account.region}
    files.make_once(folder / files.ORDER, {"run_id": "x", "access": other, "tags": {}})
    assert toolkit.discover(account) == []
    assert toolkit.discover(replace(account, region="eu-west-1")) == []
    assert ALARM.startswith("arn:aws:cloudwatch")
