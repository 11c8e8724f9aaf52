"""Ask in many Regions at once, so that one that does not answer delays no other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

log = logging.getLogger(__name__)

THREADS_PER_GROUP: Final = 4

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def ask_everywhere(
    groups: Iterable[Sequence[Asked]], ask: Callable[[Asked], Answer], patience_s: float
) -> dict[int, Answer]:
    """The answers that came in time, by the id() of what was asked about.

    Each group has threads of its own. Those that are still waiting when the time is over are
    left behind: the timeouts of their calls end them.
    """
    answers: dict[int, Answer] = {}
    threads = []
    for group in groups:
        waiting: SimpleQueue[Asked] = SimpleQueue()
        for item in group:
            waiting.put(item)
        threads += [
            threading.Thread(target=_work_off, args=(waiting, ask, answers), daemon=True)
            for _ in range(min(THREADS_PER_GROUP, len(group)))
        ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience_s
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(answers)


def _work_off(
    waiting: SimpleQueue[Asked], ask: Callable[[Asked], Answer], answers: dict[int, Answer]
) -> None:
    while True:
        try:
            item = waiting.get_nowait()
        except Empty:
            return
        try:
            answers[id(item)] = ask(item)
        except Exception:
            # What is wrong with one must not keep the others from being asked.
            log.exception("ask.failed")
