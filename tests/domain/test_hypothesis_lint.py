"""A hypothesis says if, then and within; and its probes hold the run to that time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exercises.domain.hypothesis_lint import lint_hypothesis
from exercises.domain.steady_state import probes_from_json
from tests import build

PATIENT, STRICT = probes_from_json(build.PROBES)


@pytest.mark.parametrize(
    "text",
    [
        "If one broker stops, then messages are delivered again within 2 minutes.",
        "If eu-central-1b loses power, new sessions start within 5 s, and none is billed twice.",
        "When a zone is gone, then 99.5 % of the orders arrive within two minutes.",
        "While it fails, orders wait and arrive in less than 1.5 h.",
    ],
)
def test_all_three_parts_are_nothing_to_warn_of(text: str) -> None:
    assert lint_hypothesis(text, [PATIENT, STRICT]) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Everything will be all right, we hope.", "if which fault, within how long"),
        ("If one broker stops nobody notices", "then what stays or comes back, within how long"),
        ("If one broker stops, then all is well within limits.", "within how long"),
        ("Messages are delivered then within 2 minutes.", "if which fault"),
    ],
)
def test_what_is_missing_is_named(text: str, missing: str) -> None:
    [problem] = lint_hypothesis(text, [])
    assert problem.rule_id == "HYPOTHESIS-001"
    assert problem.message == f"does not say {missing}"
    assert not problem.is_error


def test_a_missing_text_is_a_mistake_and_no_warning() -> None:
    assert lint_hypothesis(" ", []) == []


@pytest.mark.parametrize(
    ("within", "grace_s", "warns"),
    [
        ("2 minutes", 120, False),
        ("2 minutes", 121, True),
        ("90 s", 120, True),
        ("one minute", 120, True),
        ("an hour", 3600, False),
        ("5 s", 3600, False),  # shorter than a reading: a limit and no recovery
        ("500 ms", 3600, False),
    ],
)
def test_a_business_probe_that_waits_longer_than_the_words_is_named(
    within: str, grace_s: int, warns: bool
) -> None:
    text = f"If one broker stops, then messages are delivered again within {within}."
    found = lint_hypothesis(text, [replace(PATIENT, grace_s=grace_s), STRICT])
    assert [problem.rule_id for problem in found] == (["HYPOTHESIS-002"] if warns else [])
    assert all("Messages delivered may be outside for" in problem.message for problem in found)


def test_one_business_probe_that_holds_it_to_the_time_is_enough() -> None:
    text = "If one broker stops, then messages are delivered again within 2 minutes."
    slow = replace(PATIENT, key="slow", grace_s=600)
    assert lint_hypothesis(text, [slow, PATIENT, replace(STRICT, grace_s=600)]) == []


def test_of_several_times_the_longest_is_when_all_is_well() -> None:
    text = "If it stops, then half are back within 1 minute and all within 3 minutes."
    assert lint_hypothesis(text, [replace(PATIENT, grace_s=180)]) == []


@pytest.mark.parametrize("within", ["5 \u017f", "f\u0131ve minutes", "f\u0130ve minutes"])
def test_letters_that_only_look_like_a_time_say_none(within: str) -> None:
    text = f"If one broker stops, then messages are delivered again within {within}."
    [problem] = lint_hypothesis(text, [PATIENT, STRICT])
    assert problem.message == "does not say within how long"


def test_a_space_that_does_not_break_stands_before_a_unit() -> None:
    text = "If one broker stops, then messages are delivered again within 90\u00a0S."
    assert lint_hypothesis(text, [STRICT]) == []
