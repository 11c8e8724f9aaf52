"""Metric math as CloudWatch does it, as far as arithmetic goes: evaluated period by period.

Takes + - * / and parentheses, numbers, ids of metrics, SUM, AVG, MIN and MAX over a list of
them, and FILL. Everything else is refused as CloudWatch refuses what it cannot read. Used by
world.metrics, which answers GetMetricData.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from moto.cloudwatch.exceptions import ValidationError

Points = Mapping[int, float]
"""The value of each period that has one, by its number."""

_TOKEN: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+|[A-Za-z]\w*|[-+*/(),\[\]])")
_OVER: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}


def evaluate(name: str, expression: str, known: Mapping[str, Points], periods: int) -> Points:
    """The values of an expression over the series of these ids; ValidationError when it cannot."""
    return _Expression(name, expression, known, range(periods)).read()


class _Expression:
    def __init__(
        self, name: str, text: str, known: Mapping[str, Points], periods: Sequence[int]
    ) -> None:
        self._name = name
        self._known = known
        self._periods = periods
        self._words = self._split(text)
        self._at = 0

    def read(self) -> Points:
        found = self._sum()
        if self._next() or isinstance(found, float):
            raise self._wrong("Invalid syntax" if self._next() else "It has to be a time series")
        return found

    def _split(self, text: str) -> list[str]:
        at, found, text = 0, [], text.rstrip()
        while at < len(text):
            word = _TOKEN.match(text, at)
            if word is None:
                raise self._wrong("Invalid syntax")
            found.append(word[1])
            at = word.end()
        return found

    def _wrong(self, why: str) -> ValidationError:
        return ValidationError(f"Error in expression '{self._name}': {why}")

    def _next(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self, wanted: str = "") -> str:
        word = self._next()
        if not word or (wanted and word != wanted):
            raise self._wrong("Invalid syntax")
        self._at += 1
        return word

    def _sum(self) -> Points | float:
        left = self._product()
        while self._next() in {"+", "-"}:
            left = self._applied(self._take(), left, self._product())
        return left

    def _product(self) -> Points | float:
        left = self._one()
        while self._next() in {"*", "/"}:
            left = self._applied(self._take(), left, self._one())
        return left

    def _one(self) -> Points | float:
        word = self._take()
        if word == "-":
            return self._applied("*", -1.0, self._one())
        if word == "(":
            found = self._sum()
            self._take(")")
            return found
        if word in self._known:
            return self._known[word]
        if word in _OVER:
            return self._over(_OVER[word])
        if word == "FILL":
            return self._filled()
        try:
            return float(word)
        except ValueError:
            is_id = word[0].islower()
            why = f"Unrecognized metric {word}" if is_id else "Invalid syntax"
            raise self._wrong(why) from None

    def _over(self, merge: Callable[[Sequence[float]], float]) -> Points:
        self._take("(")
        self._take("[")
        found = [self._series()]
        while self._next() == ",":
            self._take()
            found.append(self._series())
        self._take("]")
        self._take(")")
        merged = {}
        for period in self._periods:
            values = [series[period] for series in found if period in series]
            if values:
                merged[period] = merge(values)
        return merged

    def _series(self) -> Points:
        found = self._sum()
        if isinstance(found, float):
            raise self._wrong("It has to be a time series")
        return found

    def _filled(self) -> Points:
        self._take("(")
        series = self._series()
        self._take(",")
        way = self._sum() if self._next() != "REPEAT" else self._take()
        self._take(")")
        if isinstance(way, str):
            filled, last = {}, None
            for period in self._periods:
                last = series.get(period, last)
                if last is not None:
                    filled[period] = last
            return filled
        if not isinstance(way, float):
            raise self._wrong("Invalid syntax")
        return {period: series.get(period, way) for period in self._periods}

    def _applied(self, sign: str, left: Points | float, right: Points | float) -> Points | float:
        """A period without a value on one side has none; nor has one that divides by nought."""
        if isinstance(left, float) and isinstance(right, float):
            if sign == "/" and not right:
                raise self._wrong("Division by zero")
            return _calculated(sign, left, right)
        found = {}
        for period in self._periods:
            one = left if isinstance(left, float) else left.get(period)
            other = right if isinstance(right, float) else right.get(period)
            if one is not None and other is not None and (sign != "/" or other):
                found[period] = _calculated(sign, one, other)
        return found


def _calculated(sign: str, left: float, right: float) -> float:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right
