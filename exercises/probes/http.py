"""Probe values from HTTP: the status, the time an answer takes, or a number in its JSON.

Only answers of success have a time or a number: an error page comes quickly, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exercises.domain.engine_values import Reading
from exercises.domain.errors import EngineError, Invalid
from exercises.domain.json_pointer import value_at
from exercises.domain.steady_state import ProbeSpec
from exercises.fetching import Answer, failed
from exercises.probes.alarms import is_due
from exercises.probes.numbers import document, number
from exercises.probes.outside import Reach, fetch
from exercises.probes.protocol import Answers, Asking, ProbeRequest

SUCCESS: Final = range(200, 300)


class HttpSource:
    """One GET for all probes of an address."""

    def __init__(self, reach: Reach | None = None) -> None:
        self._reach = reach or Reach()

    def read(self, asking: Asking, requests: Sequence[ProbeRequest]) -> Answers:
        """What the address says now, once a period."""
        answers = Answers()
        due = [one for one in requests if is_due(asking, one)]
        for url in dict.fromkeys(one.spec.url for one in due):
            self._read(asking, [one for one in due if one.spec.url == url], answers)
        return answers

    def _read(self, asking: Asking, requests: Sequence[ProbeRequest], answers: Answers) -> None:
        names = ", ".join(dict.fromkeys(one.spec.name for one in requests))
        try:
            answer = fetch(
                requests[0].spec.url,
                allowed=asking.allowed,
                reach=self._reach,
                accept="application/json, */*;q=0.5",
                wants_content=any(one.spec.reads != "status" for one in requests),
            )
        except (EngineError, Invalid) as error:
            answers.problems[f"{names}: {error}"] = None
            return
        for one in requests:
            try:
                value = number(_value(one.spec, answer) * one.spec.scale)
            except EngineError as error:
                answers.problems[f"{one.spec.name}: {error}"] = None
            else:
                answers.add(one.run_id, [Reading(one.spec.key, asking.until, value)])


def _value(spec: ProbeSpec, answer: Answer) -> float:
    if spec.reads == "status":
        return float(answer.status)
    if answer.status not in SUCCESS:
        raise failed(f"it answered {answer.status}")
    if spec.reads == "latency_ms":
        return answer.took_s * 1000
    try:
        return number(value_at(document(answer.content), spec.pointer))
    except LookupError as error:
        raise failed(str(error.args[0])) from error
