"""Metric math of CloudWatch, as far as a probe may use it: read, checked, and looked through.

Only what gives one series of numbers by the metrics that are named beside it: a lookup such as
SEARCH could find other metrics tomorrow than were approved today. Called by
domain.probe_sources, domain.probes_lint and probes.cloudwatch.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exercises.domain.errors import Invalid

FIELD: Final = "expression"
MAX_EXPRESSION: Final = 2048
"""CloudWatch API Reference, MetricDataQuery, "Expression"."""
MAX_METRICS: Final = 10
MOST_QUERIES: Final = 500
"""Most queries of one call (CloudWatch API Reference, GetMetricData)."""
ID: Final = re.compile(r"[a-z][a-zA-Z0-9_]{0,39}")
_MAX_DEPTH: Final = 40
MAX_SIGNS: Final = 200
"""A chain of signs is a tree as deep as the chain is long, and is looked through by recursion."""
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<sign>==|!=|<=|>=|[-+*/^<>(),\[\]]))"
)

_LOOKUPS: Final = frozenset(
    {
        "ANOMALY_DETECTION_BAND",
        "DB_PERF_INSIGHTS",
        "INSIGHT_RULE_METRIC",
        "LAMBDA",
        "METRICS",
        "METRIC_COUNT",
        "SEARCH",
        "SELECT",
        "SERVICE_QUOTA",
        "SLICE",
        "SORT",
    }
)
_OVER_SERIES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
_OF_ONE: Final[Mapping[str, Callable[[float], float]]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}
_CALLS: Final = (*_OVER_SERIES, *_OF_ONE, "FILL", "IF", "PERIOD")
_WAYS: Final = frozenset({"REPEAT", "LINEAR"})
"""What FILL takes in place of a number."""
_SIGNS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": math.pow,  # operator.pow makes a complex number of a root of -1
}
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_BINDS: Final[Mapping[str, int]] = {
    **dict.fromkeys(_COMPARED, 1),
    **dict.fromkeys("+-", 2),
    **dict.fromkeys("*/", 3),
    "^": 4,
}


@dataclass(frozen=True, slots=True)
class Node:
    """A number, the id of a metric, a sign or a call, with what it is applied to."""

    what: str
    parts: tuple[Node, ...] = ()

    @property
    def ids(self) -> Iterator[str]:
        if not self.parts and ID.fullmatch(self.what):
            yield self.what
        for part in self.parts:
            yield from part.ids

    @property
    def is_series(self) -> bool:
        """Whether it has a value for each period; a number and PERIOD(m1) are the same for all."""
        if self.what == "PERIOD":
            return False
        return any(part.is_series for part in self.parts) or (
            not self.parts and bool(ID.fullmatch(self.what))
        )


def read_expression(text: object, ids: Collection[str]) -> Node:
    """The expression over these metrics. Raises Invalid that says what is wrong with it."""
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_EXPRESSION:
        raise _wrong(f"1 to {MAX_EXPRESSION:,} characters of metric math, such as 100 * m1 / m2")
    found = _Reader(text).read()
    used = set(found.ids)
    if unknown := sorted(used - set(ids)):
        raise _wrong(f"{unknown[0]} is the id of no metric of this probe")
    if unused := sorted(set(ids) - used):
        raise _wrong(f"{unused[0]} is used nowhere in it")
    if not found.is_series:
        raise _wrong("follows no metric: it says the same whatever happens")
    # All queries of a call are refused for one that is too long, so the worst place has to do.
    longest = {name: name_in_call(MOST_QUERIES - 1, name) for name in ids}
    if len(renamed(text, longest)) > MAX_EXPRESSION:
        more = len(name_in_call(MOST_QUERIES - 1, ""))
        raise _wrong(f"at most {MAX_EXPRESSION:,} characters, and {more} for each use of an id")
    return found


def name_in_call(number: int, name: str) -> str:
    """A metric's id in a call: two probes may both have called a metric m1."""
    return f"m{number}_{name}"


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The same with other ids for its metrics: of one call each has to have its own."""
    return re.sub(
        r"[A-Za-z][A-Za-z0-9_]*",
        lambda found: names.get(found[0], found[0]),
        " ".join(text.split()),
    )


_SAMPLES: Final = ((2.0, 3.0, 5.0, 7.0, 11.0), (13.0, 0.5, 29.0, 0.03, 41.0), (97.0, 61.0, 0.7))


def is_constant(node: Node) -> bool:
    """Whether its value is the same whatever its metrics say, as of m1 - m1 and of 0 * m1.

    Tried with unlike values. With a comparison nobody can tell from a few of them: then not.
    """
    ids = sorted(set(node.ids))
    found = []
    for sample in _SAMPLES:
        values = {name: sample[n % len(sample)] + n // len(sample) for n, name in enumerate(ids)}
        try:
            found.append(_value(node, values))
        except (ArithmeticError, ValueError):
            continue
    numbers = [value for value in found if value is not None]
    if len(numbers) < len(found) or len(numbers) < 2:
        return False
    return all(math.isclose(numbers[0], each, rel_tol=1e-9, abs_tol=1e-9) for each in numbers)


def _value(node: Node, values: Mapping[str, float]) -> float | None:
    """Its value, or None where a comparison decides."""
    if node.what in _COMPARED or node.what == "IF":
        return None
    if node.what in {"FILL", "PERIOD"}:
        return _value(node.parts[0], values) if node.what == "FILL" else 60.0
    if not node.parts:
        return values[node.what] if node.what in values else float(node.what)
    parts = [_value(part, values) for part in node.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if node.what in _OVER_SERIES:
        return float(_OVER_SERIES[node.what](known))
    if node.what in _OF_ONE:
        return float(_OF_ONE[node.what](known[0]))
    return _applied(node.what, known)


def goes_on(node: Node) -> bool:
    """Whether it fills with values that were read before or after, whichever they are."""
    is_filled_so = node.what == "FILL" and node.parts[1].what in _WAYS
    return is_filled_so or any(goes_on(part) for part in node.parts)


def when_silent(node: Node) -> float | None:
    """Its value while none of its metrics says anything; None when it is silent, too."""
    try:
        return _silent(node)
    except (ArithmeticError, ValueError):
        return None


def _silent(node: Node) -> float | None:
    if not node.parts:
        return None if ID.fullmatch(node.what) or node.what in _WAYS else float(node.what)
    if node.what == "PERIOD":
        return 60.0
    parts = [_silent(part) for part in node.parts]
    if node.what == "FILL":
        return parts[1] if parts[0] is None else parts[0]
    if node.what == "IF":
        return None if parts[0] is None else parts[1 if parts[0] else 2]
    known = [part for part in parts if part is not None]
    if node.what in _OVER_SERIES:  # over those that have a value
        return float(_OVER_SERIES[node.what](known)) if known else None
    if len(known) < len(parts):
        return None
    if node.what in _OF_ONE:
        return float(_OF_ONE[node.what](known[0]))
    if node.what in _COMPARED:
        return float(_COMPARED[node.what](*known))
    return _applied(node.what, known)


def _applied(sign: str, parts: Sequence[float]) -> float:
    if len(parts) == 1:
        return -parts[0]
    return float(_SIGNS[sign](*parts))


def _wrong(why: str) -> Invalid:
    return Invalid(FIELD, why)


class _Reader:
    """Reads an expression from left to right, by how tightly each sign binds."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def read(self) -> Node:
        signs = sum(token in _BINDS for token in self._tokens)
        if signs > MAX_SIGNS:
            raise _wrong(f"at most {MAX_SIGNS} signs (+ - * / ^ and comparisons); {signs} here")
        found = self._operation(0)
        if self._peek():
            raise _wrong(f"{self._peek()} stands where nothing more is expected")
        return found

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        found = self._take()
        if found != sign:
            raise _wrong(f"{sign} is expected {f'before {found}' if found else 'at the end'}")

    def _operation(self, least: int) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _wrong(f"at most {_MAX_DEPTH} levels of brackets and signs")
        left = self._operand()
        while (binds := _BINDS.get(self._peek(), 0)) > least:
            sign = self._take()
            left = Node(sign, (left, self._operation(binds)))
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        word = self._take()
        if word == "-":
            return Node("-", (self._operation(_BINDS["*"]),))
        if word == "(":
            found = self._operation(0)
            self._expect(")")
            return found
        if word == "[":
            raise _wrong(f"[…] stands only inside {', '.join(_OVER_SERIES)}")
        if word[:1].isdigit() or word[:1] == "." or ID.fullmatch(word):
            return Node(word)
        if word.isupper() or word[:1].isalpha():
            return self._call(word)
        raise _wrong(f"a number, a metric or a function is expected {_before(word)}")

    def _call(self, name: str) -> Node:
        if name in _LOOKUPS:
            raise _wrong(
                f"{name} finds its metrics or numbers elsewhere: what is approved would not say"
                " what is measured; name each metric"
            )
        if name not in _CALLS:
            raise _wrong(f"{name} is none of {', '.join(_CALLS)}; ids begin in lower case")
        self._expect("(")
        parts = self._listed() if name in _OVER_SERIES else self._arguments(name)
        self._expect(")")
        return Node(name, parts)

    def _listed(self) -> tuple[Node, ...]:
        """Several series of which each period has one value: of one alone SUM is a number over
        all the time asked for, which another look would give otherwise."""
        if self._peek() != "[":
            raise _wrong("SUM, AVG, MIN and MAX take several metrics, as in SUM([m1, m2])")
        self._take()
        found = [self._operation(0)]
        while self._peek() == ",":
            self._take()
            found.append(self._operation(0))
        self._expect("]")
        if not all(part.is_series for part in found):
            raise _wrong("[…] holds metrics, no numbers")
        return tuple(found)

    def _arguments(self, name: str) -> tuple[Node, ...]:
        found = [self._operation(0)]
        for _ in range({"FILL": 1, "IF": 2}.get(name, 0)):
            self._expect(",")
            word = self._peek()
            is_way = name == "FILL" and word in _WAYS
            found.append(Node(self._take()) if is_way else self._operation(0))
        if name == "FILL" and (not found[0].is_series or found[1].is_series):
            raise _wrong("FILL takes a metric, then a number, REPEAT or LINEAR")
        return tuple(found)


def _before(token: str) -> str:
    return f"before {token}" if token else "at the end"


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(f"{text[at:].strip()[:1]} has no place in metric math")
        yield found[0].strip()
        at = found.end()
