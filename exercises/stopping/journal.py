"""The stop journal: every stop is on this machine's disk before AWS is asked.

One file of JSON lines for each stop, so that no process ever waits for another's lock. A
line is complete or it is not there: what a crash tore is passed over. Files of stops that
are done move to `done/` and are kept for a while.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from exercises.stopping.orders import (
    Receipt,
    StopOrder,
    StopTarget,
    order_from_json,
    order_to_json,
    target_from_json,
    target_to_json,
)

log = logging.getLogger(__name__)

DONE: Final = "done"
REFUSED: Final = "refused.jsonl"
REFUSED_BYTES: Final = 5_000_000
"""A flood of forged requests must not fill the disk that the next stop needs."""
KEEP_FOR: Final = timedelta(days=90)


@dataclass
class Entry:
    """One stop, as far as its file tells."""

    path: Path
    order: StopOrder
    targets: dict[str, StopTarget] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    """What AWS last said of each target; absent until it answered."""
    problems: dict[str, str] = field(default_factory=dict)
    lever: str = ""
    """What the safety lever of the order's Region is, as far as AWS said."""
    is_told: bool = False
    """The database knows."""

    def open_targets(self) -> list[StopTarget]:
        """The targets that were not seen to have ended."""
        return [target for ref, target in self.targets.items() if not self._has_ended(ref)]

    def _has_ended(self, ref: str) -> bool:
        return self.status.get(ref) in {"completed", "stopped", "failed", "cancelled"}

    def add_targets(self, targets: Sequence[StopTarget]) -> list[StopTarget]:
        """Note what was found later, before AWS is asked; returns those that are new."""
        new = [target for target in targets if target.ref not in self.targets]
        self._write([{"line": "target", "target": target_to_json(target)} for target in new])
        return new

    def add_receipts(self, receipts: Sequence[Receipt]) -> None:
        """Note what AWS said, when it says something new."""
        self._write(
            [
                {
                    "line": "receipt",
                    "ref": receipt.target.ref,
                    "status": receipt.status,
                    "is_accepted": receipt.is_accepted,
                    "message": receipt.message,
                }
                for receipt in receipts
                if self._is_news(receipt)
            ]
        )

    def _is_news(self, receipt: Receipt) -> bool:
        ref = receipt.target.ref
        if receipt.status:
            return self.status.get(ref) != receipt.status
        return self.problems.get(ref) != receipt.message

    def set_lever(self, status: str) -> None:
        if status and status != self.lever:
            self._write([{"line": "lever", "status": status}])

    def mark_told(self) -> None:
        if not self.is_told:
            self._write([{"line": "told"}])

    def close(self) -> None:
        """Nothing is left to do: put the file away."""
        self._write([{"line": "done"}])
        done = self.path.parent / DONE
        done.mkdir(exist_ok=True)
        self.path.rename(done / self.path.name)

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        if lines:
            _append(self.path, lines)
        for line in lines:
            _apply(self, line)


class Journal:
    """The journal of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, order: StopOrder, targets: Sequence[StopTarget]) -> Entry:
        """Write a stop down. On disk when this returns. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{order.at:%Y%m%dT%H%M%S}-{order.id}.jsonl"
        first = {"line": "order", "order": order_to_json(order)}
        lines = [{"line": "target", "target": target_to_json(target)} for target in targets]
        _append(path, [first, *lines])
        _sync_folder(self.folder)
        return Entry(path, order, {target.ref: target for target in targets})

    def under_way(self) -> list[Entry]:
        """Every stop that is not done, oldest first."""
        if not self.folder.is_dir():
            return []
        paths = sorted(path for path in self.folder.glob("*.jsonl") if path.name != REFUSED)
        return [entry for path in paths if (entry := read_entry(path)) is not None]

    def told_since(self, at: datetime | None) -> list[Entry]:
        """Every stop since then, done or not, that a database was told of; None means all."""
        paths = [*(self.folder / DONE).glob("*.jsonl"), *self.folder.glob("*.jsonl")]
        entries = (read_entry(path) for path in sorted(paths) if path.name != REFUSED)
        return [each for each in entries if each and (at is None or each.order.at >= at)]

    def refuse(self, *, who: str, what: str, because: str) -> None:
        """Note a stop that was refused: nothing was stopped by it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / REFUSED
        if path.exists() and path.stat().st_size > REFUSED_BYTES:
            log.warning("stop.refused.not_kept", extra={"who": who, "what": what})
            return
        _append(path, [{"line": "refused", "who": who, "what": what, "because": because}])

    def forget_old(self, now: datetime) -> None:
        """Drop done stops that are older than we keep them."""
        for path in (self.folder / DONE).glob("*.jsonl"):
            if now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > KEEP_FOR:
                path.unlink(missing_ok=True)


def read_entry(path: Path) -> Entry | None:
    """A stop from its file; None when not even its first line is whole, or it is gone.

    Such a file was torn before AWS was asked, and its writer answered nobody. One that is not
    of ours keeps no other stop from being driven.
    """
    try:
        lines = list(_lines(path.read_bytes()))
    except FileNotFoundError:
        return None
    if not lines or lines[0].get("line") != "order":
        log.warning("stop.journal.unreadable", extra={"file": str(path)})
        return None
    try:
        entry = Entry(path, order_from_json(lines[0]["order"]))
        for line in lines[1:]:
            _apply(entry, line)
    except (LookupError, TypeError, ValueError) as error:
        log.warning("stop.journal.unreadable", extra={"file": str(path), "why": repr(error)})
        return None
    return entry


def _apply(entry: Entry, line: Mapping[str, Any]) -> None:
    match line["line"]:
        case "target":
            target = target_from_json(line["target"])
            entry.targets.setdefault(target.ref, target)
        case "receipt" if line["status"]:
            entry.status[line["ref"]] = line["status"]
            entry.problems.pop(line["ref"], None)
        case "receipt":
            entry.problems[line["ref"]] = line["message"]
        case "lever":
            entry.lever = line["status"]
        case "told":
            entry.is_told = True


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for text in content.split(b"\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue  # torn by a crash in the middle of writing it
        if isinstance(line, dict) and "line" in line:
            yield line


def _append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """One write, then to the disk. A newline first ends what a crash may have torn."""
    at = datetime.now(UTC).isoformat()
    text = "".join(json.dumps({**line, "at": at}) + "\n" for line in lines)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        content = memoryview((("\n" if os.fstat(descriptor).st_size else "") + text).encode())
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
