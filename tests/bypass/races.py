"""Two people at once: real connections in threads, a barrier, seeded pauses."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connection

from exercises.domain.errors import Conflict, NotAllowed, Refused

Act = Callable[[], object]
REFUSED = (Conflict, NotAllowed, Refused)


@dataclass
class Tally:
    """What `make bypass` sums up."""

    note: Callable[[str, object], None]

    def done(self, interleavings: int, starts: int = 0) -> None:
        self.note("interleavings", interleavings)
        self.note("starts", starts)


def together(seed: int, *acts: Act, within_s: float = 0.02) -> list[Any]:
    """Do all of these at the same time, each after its own pause; what each gave or was told."""
    rng = random.Random(seed)
    pauses = [rng.uniform(0, within_s) if rng.random() < 0.8 else 0.0 for _ in acts]
    barrier = threading.Barrier(len(acts))

    def one(act: Act, pause: float) -> Any:
        try:
            barrier.wait(timeout=30)
            time.sleep(pause)
            return act()
        except REFUSED as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(one, *each) for each in zip(acts, pauses, strict=True)]
        return [future.result(timeout=60) for future in futures]
