"""What a Chaos Toolkit run is given to work with, and what it leaves: events, journal, loads.

All that comes out of the run is bounded here, whatever the experiment wrote.
engines.toolkit_supervisor is the caller.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from exercises.domain.plans import JsonObject
from exercises.domain.toolkit_journal import storable
from exercises.domain.toolkit_loads import file_of
from exercises.domain.toolkit_plan import runnable
from exercises.engines import toolkit_folder as files
from exercises.engines.toolkit_process import CHILD

MOST_JOURNAL: Final = 5_000_000
LONGEST_LINE: Final = 16_000
MOST_EVENTS: Final = 2_000
LOAD_EVERY_S: Final = 15.0
"""Planned seconds between two samples of a load."""
_KINDS: Final = frozenset({"hypothesis", "method", "rollbacks", "activity", "checked"})
_TEXTS: Final = ("phase", "name", "status", "output", "reason", "when")
_SAMPLES: Final = {
    "users": "User Count",
    "requests_s": "Requests/s",
    "failures_s": "Failures/s",
    "p50_ms": "50%",
    "p95_ms": "95%",
}


def lay_out(folder: Path, definition: JsonObject, region: str, speed: float) -> Path:
    """Write the experiment and its loads where it will run. Raises OSError."""
    work = folder / files.WORK
    work.mkdir(mode=0o700, exist_ok=True)
    body = runnable(definition, region=region, speed=speed)
    _write(work / "experiment.json", json.dumps(body))
    loads = definition.get("loads", {})
    for name, load in loads.items() if isinstance(loads, Mapping) else ():
        timed = {**load, "wait_s": float(load.get("wait_s", 1)) / speed}
        _write(work / f"{file_of(name)}.json", json.dumps(timed))
        _write(work / f"{file_of(name)}.py", (CHILD / "locustfile.py").read_text(encoding="utf-8"))
    return work


def _write(path: Path, text: str) -> None:
    """What is there already is left: a full disk would take it away and not give it back."""
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
        path.write_text(text, encoding="utf-8")


class Told:
    """What the run has told so far. What runs in the background may tell of itself in the phase
    of the rollbacks: only the `rollbacks` by their names put anything back."""

    def __init__(self, rollbacks: Collection[str]) -> None:
        self._rollbacks = frozenset(rollbacks)
        self.has_begun = False
        """An activity of the method was begun: something may have changed."""
        self.has_rollbacks = False
        self.is_checked = False
        self.problem = ""
        self.count = 0
        self.rest = b""
        self._put_back: set[str] = set()

    def take(self, event: Mapping[str, Any]) -> None:
        """One event, told just now or read from the log."""
        kind, phase = event["kind"], event.get("phase")
        self.has_rollbacks |= kind == "rollbacks"
        self.is_checked |= kind == "checked"
        if kind != "activity":
            return
        name = str(event.get("name"))
        if phase != "rollbacks" or name not in self._rollbacks:
            self.has_begun |= phase in {"method", "rollbacks"}
        elif event.get("status") == "completed":
            self._put_back.add(name)
        elif event.get("status") == "failed":
            self.problem = str(event.get("reason", ""))[-300:]

    def is_put_back(self) -> bool:
        """Whether each rollback was played and worked."""
        return self._put_back >= self._rollbacks

    def forget_rollbacks(self) -> None:
        """They are played anew."""
        self._put_back.clear()
        self.problem = ""


def read_told(descriptor: int, told: Told) -> Iterator[dict[str, Any]]:
    """The events that came on the pipe since the last look; what is none is passed over."""
    while True:
        try:
            read = os.read(descriptor, 65_536)
        except BlockingIOError:
            return
        if not read:
            return
        *lines, told.rest = (told.rest + read).split(b"\n")
        told.rest = told.rest[-LONGEST_LINE:]
        for line in lines:
            event = _event(line)
            if event is None:
                continue
            told.take(event)
            told.count += 1
            if told.count <= MOST_EVENTS:
                yield event


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line[:LONGEST_LINE])
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("kind") not in _KINDS:
        return None
    texts = {key: str(told[key])[:2_000] for key in _TEXTS if key in told}
    return {"kind": told["kind"], **texts, **({"met": bool(told["met"])} if "met" in told else {})}


def journal_of(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """The journal of the run, or None and why it is not taken."""
    path = folder / files.WORK / "journal.json"
    try:
        size = path.lstat().st_size
        if path.is_symlink() or size > MOST_JOURNAL:
            return None, f"Its journal of {size:,} bytes is not taken: at most {MOST_JOURNAL:,}."
        found = storable(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError, RecursionError) as error:
        return None, f"Its journal cannot be read: {str(error)[:100]}."
    return (found, "") if isinstance(found, dict) else (None, "Its journal is none.")


class Loads:
    """Samples of the loads, from what Locust writes while it runs."""

    def __init__(self, folder: Path, speed: float) -> None:
        self._folder = folder
        self._every_s = max(1.0, LOAD_EVERY_S / speed)
        self._next_at = time.monotonic() + self._every_s
        self._noted: dict[str, str] = {}

    def note_new(self, *, is_last: bool = False) -> None:
        """Note the newest sample of each load, when it is time."""
        now = time.monotonic()
        if now < self._next_at and not is_last:
            return
        self._next_at = now + self._every_s
        for path in sorted((self._folder / files.WORK).glob("load-*_stats_history.csv")):
            row = _newest(path)
            if row and self._noted.get(path.name) != row.get("Timestamp"):
                self._noted[path.name] = row.get("Timestamp", "")
                number = path.name.removeprefix("load-").partition("_")[0]
                samples = {key: _number(row.get(name)) for key, name in _SAMPLES.items()}
                files.note_if_possible(self._folder, "load", activity=int(number), **samples)


def _newest(path: Path) -> dict[str, str] | None:
    """The last whole line about all requests together."""
    with path.open("rb") as file:
        header = file.readline(4_000)
        file.seek(max(0, path.stat().st_size - 8_000))
        tail = file.read(8_000)
    lines = [line for line in tail.split(b"\n")[:-1] if b",Aggregated," in line]
    if not lines:
        return None
    text = [header.decode(errors="replace"), lines[-1].decode(errors="replace")]
    return next(csv.DictReader(text), None)


def _number(text: str | None) -> float | None:
    try:
        return None if text in {None, "", "N/A"} else round(float(str(text)), 3)
    except ValueError:
        return None
