"""The Chaos Toolkit as an engine: a process of its own for each run. Reached through the registry.

A run is a folder below CHAOSPLANE_TOOLKIT_DIR, which web, workers and sentinel share (see
toolkit_folder); a supervisor plays it (toolkit_supervisor). Starting, looking and stopping are
files here, so that a stop needs neither the database nor the process that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.engine_values import (
    Archive,
    EngineStatus,
    Observation,
    StartOrder,
    StopReceipt,
    Tagged,
    Target,
    Watch,
)
from exercises.domain.errors import EngineError, Invalid, TemplateChanged
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.probe_sources import check_allowed
from exercises.domain.snapshots import Snapshot
from exercises.domain.toolkit_document import problems_of
from exercises.domain.toolkit_plan import origins
from exercises.engines import toolkit_folder as files
from exercises.engines import toolkit_targets
from exercises.engines.toolkit_observation import observation_of
from exercises.engines.toolkit_process import toolkit_python
from exercises.engines.toolkit_work import journal_of

FOLDER: Final = "CHAOSPLANE_TOOLKIT_DIR"
REF: Final = "CTK-"
_DEFINITIONS: Final = "definitions"
_LEAVES_IN_S: Final = 20
_SUPERVISOR: Final = "exercises.engines.toolkit_supervisor"
_PROJECT: Final = Path(__file__).resolve().parents[2]
_HANDED_ON: Final = ("AWS_", "SSL_", "REQUESTS_", "HTTP", "NO_PROXY", "CHAOSPLANE_TOOLKIT_")
_ALSO: Final = frozenset({"PATH", "HOME", "LANG", "TMPDIR"})
_SHOWN_EVENTS: Final = 1_000


class ToolkitEngine:
    """See engines.protocol.Engine for what each method promises."""

    def preview(self, access: AccountAccess, definition: JsonObject) -> Sequence[Target]:
        _refuse(definition)
        return toolkit_targets.targets(access, definition)

    def snapshot(
        self, access: AccountAccess, definition: JsonObject, before: Snapshot | None = None
    ) -> Snapshot:
        return toolkit_targets.snapshot(access, definition, before)

    def provision(self, access: AccountAccess, definition: JsonObject, digest: str) -> str:
        _refuse(definition)
        with files.disk_errors("keep the experiment", outcome="none"):
            toolkit_python()
            files.make_once(_definition_file(digest), dict(definition))
        self.verify(access, digest, definition)
        return digest

    def verify(self, access: AccountAccess, template_ref: str, definition: JsonObject) -> None:
        with files.disk_errors("read the experiment", outcome="none"):
            kept = files.read_json(_definition_file(template_ref))
        if kept is None or canonical_bytes(kept) != canonical_bytes(definition):
            raise TemplateChanged(f"The experiment kept as {template_ref} is not what was approved")

    def start(self, access: AccountAccess, order: StartOrder) -> Observation:
        with files.disk_errors("read the experiment", outcome="none"):
            definition = files.read_json(_definition_file(order.template_ref))
        if definition is None:
            gone = f"There is no experiment {order.template_ref}: it was not provisioned here."
            raise EngineError(gone, outcome="none", retryable=False)
        folder = _root() / order.run_id
        content = _order(access, order, definition)
        with files.disk_errors("write the order", outcome="unknown"):
            if not files.make_once(folder / files.ORDER, content):
                _refuse_another(files.order_of(folder), content)
                files.renew_order(folder, content)
            if not files.is_held(folder):
                _supervise(folder)
        return _seen(folder)

    def find(self, access: AccountAccess, template_ref: str, run_id: str) -> str | None:
        with files.disk_errors("look for the run", outcome="none"):
            folder = _root() / run_id
            order = files.order_of(folder)
            if order is None or order["template_ref"] != template_ref:
                return None
            # Ordered only, by somebody who was lost: whoever asks every gate again starts it.
            return REF + run_id if files.is_held(folder) or files.events_of(folder) else None

    def observe(self, access: AccountAccess, watches: Sequence[Watch]) -> Sequence[Observation]:
        found = []
        for watch in watches:
            folder = _folder_of(watch.ref)
            with files.disk_errors(f"read {watch.ref}", outcome="none"):
                if folder is None or files.order_of(folder) is None:
                    continue
                found.append(_compared(_looked_after(folder), folder, watch.approved))
        return found

    def stop(self, access: AccountAccess, ref: str) -> StopReceipt:
        folder = _folder_of(ref)
        with files.disk_errors(f"stop {ref}", outcome="unknown"):
            if folder is None or files.order_of(folder) is None:
                gone = f"There is no run {ref} in {FOLDER} of this machine."
                raise EngineError(gone, outcome="none", retryable=False)
            files.ask_to_stop(folder)
            seen = _looked_after(folder)
        if seen.status.is_terminal:
            return StopReceipt(ref, seen.status, seen.reason)
        return StopReceipt(ref, EngineStatus.STOPPING, "Rollbacks are played, then it ends.")

    def try_stop(self, access: AccountAccess, ended_ref: str) -> tuple[bool, str]:
        receipt = self.stop(access, ended_ref)
        return receipt.status.is_terminal, f"It is {receipt.status.value}, a stop changes nothing."

    def expire(self, access: AccountAccess) -> Sequence[str]:
        """Runs whose holder is gone: another one puts back what they changed."""
        found = []
        for tagged in _unfinished(access):
            folder = _folder_of(tagged.ref)
            with files.disk_errors(f"read {tagged.ref}", outcome="none"):
                if folder is not None and _is_left(folder):
                    _looked_after(folder)
                    found.append(tagged.ref)
        return found

    def discover(self, access: AccountAccess) -> Sequence[Tagged]:
        return list(_unfinished(access))

    def active(self, access: AccountAccess) -> Sequence[Tagged]:
        return list(_unfinished(access))

    def archive(self, access: AccountAccess, ref: str) -> Archive:
        folder = _folder_of(ref)
        with files.disk_errors(f"read {ref}", outcome="none"):
            order = files.order_of(folder) if folder else None
            if folder is None or order is None:
                raise EngineError(f"There is no run {ref}.", outcome="none", retryable=False)
            events = files.events_of(folder)
            journal, problem = journal_of(folder)
        hit, unknown = _hit(access, order["definition"])
        document = {
            "experiment": order["definition"],
            "events": events[:_SHOWN_EVENTS],
            "journal": journal or {},
            "journal_problem": problem,
            "targets_problem": unknown,
        }
        return Archive(document, tuple(hit))

    def located(self, access: AccountAccess, targets: Sequence[Target]) -> Sequence[Target]:
        return targets


# -- Folders ---------------------------------------------------------------------------------


def _root() -> Path:
    named = os.environ.get(FOLDER, "")
    if not named:
        raise EngineError(f"{FOLDER} names no folder", outcome="none", retryable=False)
    return Path(named)


def _definition_file(digest: str) -> Path:
    return _root() / _DEFINITIONS / f"{digest}.json"


def _folder_of(ref: str) -> Path | None:
    name = ref.removeprefix(REF)
    is_one = ref.startswith(REF) and name.replace("-", "").isalnum()
    return _root() / name if is_one else None


# -- Orders ----------------------------------------------------------------------------------


def _refuse(definition: JsonObject) -> None:
    """What may not run is refused again here, whoever let it through. Raises EngineError."""
    problems = problems_of(definition)
    allowed = [name for name in os.environ.get("CHAOSPLANE_PROBE_ORIGINS", "").split(",") if name]
    for url in origins(definition):
        try:
            check_allowed(url, [name.strip() for name in allowed])
        except Invalid as error:
            problems += error.problems
    if problems:
        said = "; ".join(f"{field}: {problem}" for field, problem in problems[:3])
        raise EngineError(f"The experiment may not run: {said}", outcome="none", retryable=False)


def _order(access: AccountAccess, order: StartOrder, definition: JsonObject) -> dict[str, Any]:
    return {
        "run_id": order.run_id,
        "template_ref": order.template_ref,
        "token": order.token,
        "is_rehearsal": order.is_rehearsal,
        "not_after": order.not_after.astimezone(UTC).isoformat(),
        "tags": dict(order.tags),
        "access": asdict(access),
        "speed": os.environ.get("CHAOSPLANE_TIME_SPEED", "1"),
        "definition": dict(definition),
    }


def _refuse_another(kept: Mapping[str, Any] | None, content: Mapping[str, Any]) -> None:
    """The same order again is the same run; its permission may have been renewed."""
    same = ("token", "template_ref", "is_rehearsal", "definition")
    if kept is None or any(kept[key] != content[key] for key in same):
        said = f"Run {content['run_id']} was ordered before, and otherwise"
        raise EngineError(said, outcome="none", retryable=False)


# -- Looking ---------------------------------------------------------------------------------


def _seen(folder: Path) -> Observation:
    order = files.order_of(folder)
    assert order is not None
    return observation_of(REF + folder.name, order, files.events_of(folder))


def _looked_after(folder: Path) -> Observation:
    """The run as it is; one that lost its holder gets another, which puts back what is left."""
    seen = _seen(folder)
    if not seen.status.is_terminal and _is_left(folder):
        _supervise(folder)
        seen = _seen(folder)
    if not seen.status.is_terminal and files.is_to_stop(folder):
        return replace(seen, status=EngineStatus.STOPPING)
    return seen


def _is_left(folder: Path) -> bool:
    """Whether nobody holds it and a holder could only end it. Never true while one could still
    begin it: only `start` may, after every gate was asked."""
    order = files.order_of(folder)
    if order is None or files.is_held(folder):
        return False
    if files.events_of(folder) or files.is_to_stop(folder):
        return True
    return datetime.now(UTC) >= datetime.fromisoformat(order["not_after"])


def _supervise(folder: Path) -> None:
    """Start a process that holds this run when this returns, if none does. Raises OSError."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_HANDED_ON) or name in _ALSO
    }
    with (folder / "supervisor.log").open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", _SUPERVISOR, str(folder.resolve())],
            cwd=_PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            timeout=_LEAVES_IN_S,
            check=True,
        )


def _hit(access: AccountAccess, definition: JsonObject) -> tuple[Sequence[Target], str]:
    """What it names, as found now, and why that is not known: a task it stopped is gone."""
    try:
        return toolkit_targets.targets(access, definition), ""
    except EngineError as error:
        return (), str(error)


def _compared(seen: Observation, folder: Path, approved: JsonObject | None) -> Observation:
    order = files.order_of(folder)
    if approved is None or order is None:
        return seen
    if canonical_bytes(order["definition"]) == canonical_bytes(approved):
        return seen
    return replace(seen, differences=("the experiment is another one than was approved",))


def _unfinished(access: AccountAccess) -> Iterator[Tagged]:
    """Every run of this place that has not ended. A machine without the engine has none."""
    named = os.environ.get(FOLDER, "")
    with files.disk_errors("list the runs", outcome="none"):
        folders = sorted(Path(named).iterdir()) if named and Path(named).is_dir() else []
        for folder in folders:
            if not folder.is_dir() or files.has_ended(folder):
                continue
            order = files.order_of(folder)
            if order is None or not _is_in(order["access"], access):
                continue
            seen = _seen(folder)
            if not seen.status.is_terminal:
                exercise = str(order["tags"].get("chaosplane:exercise", ""))
                yield Tagged(seen.ref, str(order["run_id"]), exercise, seen.status)


def _is_in(told: Mapping[str, str], access: AccountAccess) -> bool:
    """`chaosplane stop` may not know its account: then the Region decides."""
    is_there = told["account_id"] == access.account_id or not access.account_id
    return is_there and told["region"] == access.region
