"""Metric math: what is read, what is refused and why, and what can only ever say one thing."""

from __future__ import annotations

import pytest

from exercises.domain.errors import Invalid
from exercises.domain.metric_math import (
    MAX_EXPRESSION,
    MAX_METRICS,
    MAX_SIGNS,
    is_constant,
    read_expression,
    renamed,
)

IDS = ("m1", "m2")


@pytest.mark.parametrize(
    "text",
    [
        "m1 + m2",
        "100*m1/(m1+m2)",
        "-m1 ^ 2 - .5 * m2",
        "SUM([m1, m2, 3 * m1])",
        "AVG([m1,m2]) / MAX([m1,m2]) + MIN([m1, m2])",
        "FILL(m1, 0) + FILL(m2, REPEAT)",
        "IF(m2 > 0, 100 * m1 / m2, 100)",
        "m1 / PERIOD(m1) + LOG10(ABS(m2))",
        "(m1 - m2) ^ 0.5",
    ],
)
def test_arithmetic_and_functions_over_named_metrics_are_read(text: str) -> None:
    found = read_expression(text, IDS)
    assert set(found.ids) == set(IDS)
    assert not is_constant(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SEARCH(m1, m2)", "SEARCH finds its metrics or numbers elsewhere"),
        ("SELECT AVG(m1) FROM m2", "SELECT finds its metrics or numbers elsewhere"),
        ("SUM(METRICS())", "SUM, AVG, MIN and MAX take several metrics"),
        ("METRICS()", "METRICS finds its metrics"),
        ("SUM(m1) + m2", "as in SUM([m1, m2])"),
        ("[m1, m2]", "stands only inside SUM, AVG, MIN, MAX"),
        ("SUM([m1, 3]) + m2", "holds metrics, no numbers"),
        ("'m1' + m2", "' has no place in metric math"),
        ("m1 + m2; m1", "; has no place"),
        ("m1 + + m2 )", "a number, a metric or a function is expected before +"),
        ("m1 + m2 )", ") stands where nothing more is expected"),
        ("(m1 + m2", ") is expected at the end"),
        ("m1 +", "is expected at the end"),
        ("RATE(m1) + m2", "RATE is none of SUM"),
        ("M1 + m2", "M1 is none of SUM"),
        ("m1 + m3", "m3 is the id of no metric of this probe"),
        ("m1 * 2", "m2 is used nowhere in it"),
        ("PERIOD(m1) + PERIOD(m2)", "follows no metric"),
        ("FILL(m1, m2)", "FILL takes a metric, then a number"),
        ("FILL(3, 4) + m1 + m2", "FILL takes a metric, then a number"),
        ("IF(m1, m2)", ", is expected before )"),
        ("(" * 60 + "m1", "at most 40 levels"),
        ("m1 2", "2 stands where nothing"),
        ("m1 + m2" + "+1" * MAX_SIGNS, "at most 200 signs (+ - * / ^ and comparisons); 201"),
        (7, "1 to 2,048 characters"),
    ],
)
def test_what_cannot_be_read_says_why(text: object, why: str) -> None:
    with pytest.raises(Invalid) as error:
        read_expression(text, IDS)
    assert why in str(error.value)
    assert str(error.value).startswith("expression: ")


@pytest.mark.parametrize("text", ["7", "1 / 0", "LOG10(100)"])
def test_without_a_metric_it_says_the_same_whatever_happens(text: str) -> None:
    with pytest.raises(Invalid, match="follows no metric"):
        read_expression(text, ())


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("m1 - m1", "m1"),
        ("m1 * 0", "m1"),
        ("100 * m1 / m1", "m1"),
        ("m1 + m2 - AVG([m1, m2]) * 2", "m1 m2"),
        ("FILL(m1, 5) * (3 - 3)", "m1"),
        ("m1 ^ 0", "m1"),
        ("ABS(m1) - m1", "m1"),
    ],
)
def test_what_cancels_its_metrics_out_is_constant(text: str, ids: str) -> None:
    assert is_constant(read_expression(text, ids.split()))


def test_as_many_signs_and_brackets_as_are_accepted_can_be_looked_through() -> None:
    nested = "MAX([" * 39 + "m1" + ", m2])" * 39
    found = read_expression(nested + "+1" * MAX_SIGNS, IDS)
    assert found.is_series
    assert not is_constant(found)


def test_roots_of_what_is_below_nought_prove_nothing() -> None:
    assert not is_constant(read_expression("(0 - m1) ^ 0.5", ["m1"]))


@pytest.mark.parametrize("more", [0, 1])
def test_an_expression_is_as_long_as_cloudwatch_takes_it_with_the_ids_of_a_call(more: int) -> None:
    metrics = ", ".join(["m1"] * 200)
    text = f"MAX([{metrics}])"
    text += "+" + "1" * (MAX_EXPRESSION - len(text) - 1 - 200 * len("m499_") + more)
    if not more:
        assert read_expression(text, ["m1"]).is_series
        return
    with pytest.raises(Invalid, match=r"at most 2,048 characters, and 5 for each use of an id"):
        read_expression(text, ["m1"])


def test_a_comparison_is_not_taken_for_constant() -> None:
    assert not is_constant(read_expression("IF(m1 > 1000000, 1, 0)", ["m1"]))


def test_ids_are_renamed_as_whole_words_and_functions_stay() -> None:
    assert renamed("SUM([m1,\n m10])/m1", {"m1": "q0_m1", "m10": "q0_m10"}) == (
        "SUM([q0_m1, q0_m10])/q0_m1"
    )


def test_ten_metrics_are_the_most() -> None:
    assert MAX_METRICS == 10
