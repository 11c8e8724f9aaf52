"""Ask AWS to stop, everywhere at once, and never wait longer than the caller can.

Each Region of each account has threads of its own, so that one that does not answer
delays no other. What has not answered in time is reported as not confirmed; the caller
journals it and asks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exercises.aws.safety_lever import engage
from exercises.domain.engine_values import EngineStatus, Watch
from exercises.domain.errors import EngineError
from exercises.domain.plans import AccountAccess
from exercises.engines.protocol import Engine
from exercises.engines.registry import ENGINES, engine
from exercises.stopping.everywhere import ask_everywhere
from exercises.stopping.orders import Receipt, StopTarget

PATIENCE_S: Final = 3.5
"""An answer within 5 seconds leaves this much for AWS."""

_STOPPING: Final = frozenset({EngineStatus.STOPPING, *(s for s in EngineStatus if s.is_terminal)})


def stop(targets: Sequence[StopTarget], *, patience_s: float = PATIENCE_S) -> list[Receipt]:
    """Ask for the stop of each; one receipt for each target, in order."""
    return _each(targets, _stop_one, patience_s)


def look(targets: Sequence[StopTarget], *, patience_s: float = PATIENCE_S) -> list[Receipt]:
    """See what has become of each, and ask again for those that still run."""
    return _each(targets, _look_at_one, patience_s)


def discover(
    places: Sequence[AccountAccess], *, patience_s: float = PATIENCE_S
) -> tuple[list[StopTarget], list[str]]:
    """Everything with our tag that has not ended, and a sentence for each place that could
    not be searched."""
    answers = ask_everywhere([[place] for place in places], _search, patience_s)
    found: list[StopTarget] = []
    problems = []
    for place in places:
        answer = answers.get(id(place), "did not answer in time")
        targets, said = ([], [answer]) if isinstance(answer, str) else answer
        found += targets
        problems += [f"{place.account_id} {place.region}: {text}" for text in said]
    return found, problems


def engage_levers(
    places: Sequence[AccountAccess], reason: str, *, patience_s: float = PATIENCE_S
) -> dict[tuple[str, str], tuple[str, str]]:
    """Engage the safety lever of each place; what it is then, or else why that is not known."""

    def ask(place: AccountAccess) -> tuple[str, str]:
        try:
            return engage(place, reason), ""
        except EngineError as error:
            return "", str(error)

    answers = ask_everywhere([[place] for place in places], ask, patience_s)
    late = ("", "AWS has not answered yet; it is asked again.")
    return {(place.account_id, place.region): answers.get(id(place), late) for place in places}


def _each(
    targets: Sequence[StopTarget], ask: Callable[[StopTarget], Receipt], patience_s: float
) -> list[Receipt]:
    by_place: dict[tuple[str, str], list[StopTarget]] = defaultdict(list)
    for target in targets:
        by_place[target.place].append(target)
    answers = ask_everywhere(by_place.values(), ask, patience_s)
    return [answers.get(id(target)) or _no_answer(target) for target in targets]


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


def _search(place: AccountAccess) -> tuple[list[StopTarget], list[str]]:
    """An engine that cannot be searched hides nothing of the others."""
    found: list[StopTarget] = []
    problems = []
    for name, each in ENGINES.items():
        try:
            found += _tagged(place, name, each)
        except EngineError as error:
            problems.append(str(error))
    return found, problems


def expire(places: Sequence[AccountAccess], *, patience_s: float = PATIENCE_S) -> list[str]:
    """End everywhere what should have ended by itself; a sentence for each place that could
    not be looked at."""
    answers = ask_everywhere([[place] for place in places], _expire, patience_s)
    late = "did not answer in time"
    return [
        f"{place.account_id} {place.region}: {said}"
        for place in places
        if (said := answers.get(id(place), late))
    ]


def _expire(place: AccountAccess) -> str:
    problems = []
    for each in ENGINES.values():
        try:
            each.expire(place)
        except EngineError as error:
            problems.append(str(error))
    return "; ".join(problems)


def _tagged(place: AccountAccess, name: str, each: Engine) -> Iterable[StopTarget]:
    for tagged in each.discover(place):
        others = tuple(each for each in tagged.accounts if each != place.account_id)
        yield StopTarget(place, name, tagged.ref, tagged.run_id, tagged.exercise, also_in=others)


def _no_answer(target: StopTarget) -> Receipt:
    return Receipt(target, False, "", "AWS has not answered yet; it is asked again.")
