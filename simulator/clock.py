"""Time inside the simulator: engine seconds, which a speed factor maps to wall time.

Experiments, worlds and alarms think in engine seconds; what the API reports is wall time.
`RealClock` runs by itself; tests advance a `VirtualClock` by hand and never sleep.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

logger = logging.getLogger(__name__)


class Clock(Protocol):
    """What the simulator asks of time."""

    speed: float

    def now(self) -> float:
        """Engine seconds since the start."""
        ...

    def wall(self, at: float | None = None) -> datetime:
        """The wall time of an engine second (now by default)."""
        ...

    def drive(self, tick: Callable[[], bool]) -> None:
        """Call `tick` from now on whenever time has passed; it tells whether it is busy."""
        ...

    def nudge(self) -> None:
        """Something happened: tick soon."""
        ...

    def stop(self) -> None:
        """Call `tick` no more."""
        ...


class RealClock:
    """Wall time multiplied by `speed`; one thread drives the simulator."""

    BUSY_S = 0.1
    IDLE_S = 0.25

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be greater than 0, not {speed}")
        self.speed = speed
        self._zero = time.monotonic()
        self._wall_zero = datetime.now(UTC)
        self._nudged = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def now(self) -> float:
        return (time.monotonic() - self._zero) * self.speed

    def wall(self, at: float | None = None) -> datetime:
        return self._wall_zero + timedelta(seconds=(self.now() if at is None else at) / self.speed)

    def drive(self, tick: Callable[[], bool]) -> None:
        self._thread = threading.Thread(target=self._run, args=(tick,), name="clock", daemon=True)
        self._thread.start()

    def _run(self, tick: Callable[[], bool]) -> None:
        while not self._ended.is_set():
            is_busy = False
            try:
                is_busy = tick()
            except Exception:
                logger.exception("A tick failed; time goes on")
            self._nudged.wait(self.BUSY_S if is_busy else self.IDLE_S)
            self._nudged.clear()

    def nudge(self) -> None:
        self._nudged.set()

    def stop(self) -> None:
        self._ended.set()
        self._nudged.set()
        if self._thread is not None:
            self._thread.join(timeout=5)


class VirtualClock:
    """Time that stands still until a test advances it, in steps small enough for every rule."""

    STEP_S = 5.0

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._now = 0.0
        self._wall_zero = datetime.now(UTC)
        self._tick: Callable[[], bool] | None = None

    def now(self) -> float:
        return self._now

    def wall(self, at: float | None = None) -> datetime:
        return self._wall_zero + timedelta(seconds=(self._now if at is None else at) / self.speed)

    def drive(self, tick: Callable[[], bool]) -> None:
        self._tick = tick

    def advance(self, seconds: float) -> None:
        """Let engine seconds pass; returns when everything due has happened."""
        end = self._now + seconds
        while self._now < end:
            self._now = min(end, self._now + self.STEP_S)
            if self._tick is not None:
                self._tick()

    def show(self, wall: datetime) -> None:
        """Let it be this wall time now: engine time goes on as it was."""
        self._wall_zero = wall - timedelta(seconds=self._now / self.speed)

    def nudge(self) -> None:
        """Nothing: only `advance` makes time pass."""

    def stop(self) -> None:
        self._tick = None
