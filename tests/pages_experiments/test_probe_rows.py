"""A probe goes through the form as it is, whatever it reads from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exercises.domain.steady_state import probes_from_json
from exercises.web.forms.probe_rows import TEXTS, ProbeRow, read_row, row_of, rows_from
from tests import build
from tests.domain.test_probe_sources import ALARM, HTTP, JSON, PROMETHEUS, RATIO


@pytest.mark.parametrize("probe", [build.PROBES[0], ALARM, HTTP, JSON, PROMETHEUS, RATIO])
def test_a_probe_comes_back_as_it_went_in(probe: dict[str, object]) -> None:
    problems: list[tuple[str, str]] = []
    read = read_row(row_of(0, probe), problems)
    assert problems == []
    assert probes_from_json([read]) == probes_from_json([probe])


def test_what_was_typed_for_another_kind_is_no_part_of_the_probe() -> None:
    typed = {f"probe-0-{name}": str(getattr(row_of(0, PROMETHEUS), name)) for name in TEXTS}
    typed |= {"probe-0-metric": "Requests", "probe-0-pointer": "/a"}
    [row] = rows_from(typed, most=12)
    [spec] = probes_from_json([read_row(row, [])])
    assert (spec.kind, spec.metric, spec.pointer) == ("prometheus", "", "")


def test_a_form_that_knows_only_metrics_means_one() -> None:
    [row] = rows_from({"probe-0-name": "One", "probe-0-metric": "Requests"}, most=12)
    assert read_row(row, [])["kind"] == "cloudwatch"


def test_the_row_says_what_it_reads_and_opens_where_it_is_wrong() -> None:
    assert row_of(0, ALARM).source == "too-few"
    assert row_of(0, PROMETHEUS).source == "up"
    assert not ProbeRow(0, problems={"low": ["a number"]}).is_source_wrong
    assert ProbeRow(0, problems={"url": ["names no host"]}).is_source_wrong


def test_a_metric_of_an_expression_is_a_line() -> None:
    row = row_of(0, RATIO)
    assert row.metrics.splitlines()[0] == "asked | Shop | asked | Sum | A=b"
    problems: list[tuple[str, str]] = []
    read_row(replace(row, metrics="asked | Shop"), problems)
    assert problems == [
        (
            "steady_state[0].metrics",
            "line 1: id | namespace | metric | statistic | dimensions, the last may be missing",
        )
    ]
    assert ProbeRow(0, problems={"metrics[0].stat": ["one of"]}).is_source_wrong
