"""Numbers as Prometheus reads them: its text format, version 0.0.4.

queries.operations says what is measured, chaosplane.metrics answers with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number; `suffix` is _bucket, _sum or _count of a histogram."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """`kind` is gauge, counter or histogram."""

    name: str
    kind: str
    words: str
    samples: Sequence[Sample]


def histogram(name: str, words: str, values: Iterable[float], bounds: Sequence[float]) -> Metric:
    """How many of the values lie at or below each bound, which grow, and in all."""
    known = sorted(values)
    within = [sum(low < v <= high for v in known) for low, high in _steps(bounds)]
    samples = [
        Sample(count, {"le": f"{bound:g}"}, "_bucket")
        for bound, count in zip(bounds, accumulate(within), strict=True)
    ]
    samples += [
        Sample(len(known), {"le": "+Inf"}, "_bucket"),
        Sample(sum(known), suffix="_sum"),
        Sample(len(known), suffix="_count"),
    ]
    return Metric(name, "histogram", words, samples)


def exposition(metrics: Iterable[Metric]) -> str:
    """All of them, in the order they are given."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _steps(bounds: Sequence[float]) -> Iterable[tuple[float, float]]:
    return zip((float("-inf"), *bounds), bounds, strict=False)


def _lines(metric: Metric) -> Iterable[str]:
    yield f"# HELP {metric.name} {_escaped(metric.words)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(f'{k}="{_quoted(v)}"' for k, v in sample.labels.items())
        yield (
            f"{metric.name}{sample.suffix}{{{labels}}} {sample.value:.15g}"
            if labels
            else (f"{metric.name}{sample.suffix} {sample.value:.15g}")
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
