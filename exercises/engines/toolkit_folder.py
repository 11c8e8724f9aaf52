"""The folder of one Chaos Toolkit run: its order, what happened, its stop. Files only.

Shared by engines.chaostoolkit, in any process, and engines.toolkit_supervisor, the one process
that holds the run. The kernel's lock on `lock` says whether anybody does: it goes with its
holder, also when that is killed. `order.json` may be renewed until anything began;
`events.jsonl` only grows.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from exercises.domain.errors import EngineError
from exercises.domain.toolkit_journal import storable

log = logging.getLogger(__name__)

ORDER: Final = "order.json"
EVENTS: Final = "events.jsonl"
STOP: Final = "stop"
LOCK: Final = "lock"
WORK: Final = "work"
"""Where the experiment runs; all it may write."""

Event = dict[str, Any]
_TAIL: Final = 4_000


def make_once(path: Path, content: object) -> bool:
    """Write a file that is whole or not there; false when there is one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft_of(path)
    try:
        _write(draft, content)
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)
    return True


def renew_order(folder: Path, content: object) -> None:
    """Take the newer permission of an order of which nothing has begun. Raises OSError."""
    descriptor = hold(folder)
    if descriptor is None:
        return
    draft = _draft_of(folder / ORDER)
    try:
        if not events_of(folder):
            _write(draft, content)
            draft.replace(folder / ORDER)
            _sync(folder)
    finally:
        draft.unlink(missing_ok=True)
        os.close(descriptor)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")


def _write(path: Path, content: object) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path) -> dict[str, Any] | None:
    """What a file holds that was made once; None when there is none. Raises OSError."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content


def order_of(folder: Path) -> Mapping[str, Any] | None:
    """What was ordered here; None for a folder without an order."""
    return read_json(folder / ORDER)


@contextmanager
def disk_errors(action: str, *, outcome: str) -> Iterator[None]:
    """Raise EngineError for what goes wrong with files and processes inside. `action`
    completes "could not ..."; `outcome` is that of an effect that was on its way."""
    try:
        yield
    except FileNotFoundError as error:
        raise EngineError(
            f"could not {action}: {error}", outcome=outcome, retryable=False
        ) from error
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise EngineError(
            f"could not {action}: {error}", outcome=outcome, retryable=True
        ) from error


def note(folder: Path, kind: str, **more: object) -> None:
    """Add an event; it is on disk when this returns. Raises OSError."""
    line = json.dumps({"at": datetime.now(UTC).isoformat(), "kind": kind, **storable(more)})
    # The line break comes first, too: what a crash tore off must not swallow this one.
    with (folder / EVENTS).open("ab") as file:
        file.write(b"\n" + line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def note_if_possible(folder: Path, kind: str, **more: object) -> None:
    """The same for what may go without being told: a full disk keeps nobody from putting back."""
    try:
        note(folder, kind, **more)
    except OSError as error:
        log.warning("%s was not noted: %s", kind, error)


def events_of(folder: Path) -> list[Event]:
    """What happened, in order; a torn line is passed over."""
    try:
        lines = (folder / EVENTS).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            told = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(told, dict):
            found.append(told)
    return found


def has_ended(folder: Path) -> bool:
    """Whether the last event is the end; reads no more than that, for folders of long ago."""
    try:
        with (folder / EVENTS).open("rb") as file:
            file.seek(max(0, (folder / EVENTS).stat().st_size - _TAIL))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except FileNotFoundError:
        return False
    return b'"kind": "ended"' in last


def ask_to_stop(folder: Path) -> None:
    """On disk when this returns; asking again changes nothing. Raises OSError."""
    try:
        make_once(folder / STOP, {"at": datetime.now(UTC).isoformat()})
    except FileNotFoundError:
        raise
    except OSError as error:
        # An empty file asks as well, and fits on a full disk.
        log.warning("the stop is without its time: %s", error)
        os.close(os.open(folder / STOP, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def is_to_stop(folder: Path) -> bool:
    return (folder / STOP).exists()


def hold(folder: Path) -> int | None:
    """Become the one that holds this run; None when somebody does. Ends with the process."""
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(folder: Path) -> bool:
    """Whether a living process holds this run."""
    descriptor = hold(folder)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
