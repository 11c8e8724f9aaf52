"""Ask AWS to stop, everywhere at once, and never wait longer than the caller can.

Each Region of each account has threads of its own, so that one that does not answer
delays no other. What has not answered in time is reported as not confirmed; the caller
journals it and asks again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from exercises.domain.engine_values import EngineStatus, Watch
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.protocol import Engine
from exercises.engines.registry import ENGINES, engine
from exercises.stopping.orders import Receipt, StopTarget

log = logging.getLogger(__name__)

THREADS_PER_REGION: Final = 4
PATIENCE_S: Final = 3.5
"""An answer within 5 seconds leaves this much for AWS."""

_STOPPING: Final = frozenset({EngineStatus.STOPPING, *(s for s in EngineStatus if s.is_terminal)})

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def stop(targets: Sequence[StopTarget], *, patience_s: float = PATIENCE_S) -> list[Receipt]:
    """Ask for the stop of each; one receipt for each target, in order."""
    by_place: dict[tuple[str, str], list[StopTarget]] = defaultdict(list)
    for target in targets:
        by_place[target.place].append(target)
    answers = _everywhere(by_place.values(), _stop_one, patience_s)
    return [answers.get(id(target)) or _no_answer(target) for target in targets]


def look(targets: Sequence[StopTarget], *, patience_s: float = PATIENCE_S) -> list[Receipt]:
    """See what has become of each, and ask again for those that still run."""
    by_place: dict[tuple[str, str], list[StopTarget]] = defaultdict(list)
    for target in targets:
        by_place[target.place].append(target)
    answers = _everywhere(by_place.values(), _look_at_one, patience_s)
    return [answers.get(id(target)) or _no_answer(target) for target in targets]


def discover(
    places: Sequence[AccountAccess], *, patience_s: float = PATIENCE_S
) -> tuple[list[StopTarget], list[str]]:
    """Everything with our tag that has not ended, and a sentence for each place that could
    not be searched."""
    answers = _everywhere([[place] for place in places], _search, patience_s)
    found: list[StopTarget] = []
    problems = []
    for place in places:
        answer = answers.get(id(place), "did not answer in time")
        if isinstance(answer, str):
            problems.append(f"{place.account_id} {place.region}: {answer}")
        else:
            found += answer
    return found, problems


def _stop_one(target: StopTarget) -> Receipt:
    try:
        taken = engine(target.engine).stop(target.access, target.ref)
    except EngineError as error:
        return Receipt(target, False, "", str(error))
    words = "It has ended." if taken.status.is_terminal else "AWS accepted the stop."
    return Receipt(target, True, taken.status.value, words)


def _look_at_one(target: StopTarget) -> Receipt:
    """Whoever may stop may not be able to read: then it is asked to stop once more."""
    try:
        seen = engine(target.engine).observe(target.access, [Watch(target.ref, None, full=True)])
    except EngineError:
        return _stop_one(target)
    if not seen:
        return Receipt(target, True, EngineStatus.FAILED.value, "AWS knows no such experiment.")
    status = seen[0].status
    if status in _STOPPING:
        return Receipt(target, True, status.value, f"AWS says: {status.value}.")
    return _stop_one(target)


def _search(place: AccountAccess) -> list[StopTarget] | str:
    found: list[StopTarget] = []
    for name, each in ENGINES.items():
        try:
            found += _tagged(place, name, each)
        except EngineError as error:
            return str(error)
    return found


def _tagged(place: AccountAccess, name: str, each: Engine) -> Iterable[StopTarget]:
    for tagged in each.discover(place):
        yield StopTarget(place, name, tagged.ref, tagged.run_id, tagged.exercise)


def _no_answer(target: StopTarget) -> Receipt:
    return Receipt(target, False, "", "AWS has not answered yet; it is asked again.")


def _everywhere(
    groups: Iterable[Sequence[Asked]], ask: Callable[[Asked], Answer], patience_s: float
) -> dict[int, Answer]:
    """The answers that came in time, by the id() of what was asked about.

    Threads that are still waiting are left behind: their timeouts end them.
    """
    answers: dict[int, Answer] = {}
    threads = []
    for group in groups:
        waiting: SimpleQueue[Asked] = SimpleQueue()
        for item in group:
            waiting.put(item)
        threads += [
            threading.Thread(target=_work_off, args=(waiting, ask, answers), daemon=True)
            for _ in range(min(THREADS_PER_REGION, len(group)))
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
            log.exception("stop.ask.failed")
