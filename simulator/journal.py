"""The requests that arrived, in order: in memory and, if asked for, one JSON line each.

A line is on disk before its request is answered: whoever reads the file after a crash sees
everything that took effect. Times are of the simulator's own clock.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

KEPT = 1000


class Journal:
    """The last requests; tests count calls with it."""

    def __init__(self, path: Path | None = None) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._file = path.open("a", encoding="utf-8") if path else None
        self._lock = threading.Lock()

    def add(
        self,
        at: datetime,
        operation: str,
        account: str,
        region: str,
        given: Mapping[str, Any],
        outcome: str,
        made: str = "",
    ) -> None:
        """`made` is the experiment that the request started, stopped or asked for."""
        entry = {
            "at": at.isoformat(timespec="microseconds"),
            "operation": operation,
            "account": account,
            "region": region,
            "input": given,
            "outcome": outcome,
            "made": made,
        }
        with self._lock:
            self._entries.append(entry)
            if self._file:
                self._file.write(json.dumps(entry) + "\n")
                self._file.flush()
                os.fsync(self._file.fileno())

    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._entries)

    def forget(self) -> None:
        """Begin anew in memory; the file keeps everything."""
        with self._lock:
            self._entries.clear()

    def close(self) -> None:
        if self._file:
            self._file.close()
