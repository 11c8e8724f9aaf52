"""The table of `make invariants` stays true to the code: it is tried there, not here."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.invariants.cuts import CUTS, PROMISES, Cut

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_the_line_stands_where_the_table_says_once(cut: Cut) -> None:
    assert (ROOT / cut.file).read_text("utf-8").count(cut.line) == 1
    assert cut.line != cut.left


def test_every_promise_has_lines_and_every_line_its_tests() -> None:
    assert {cut.promise for cut in CUTS} == PROMISES.keys()
    named = {word for cut in CUTS for word in shlex.split(cut.tests) if word.startswith("tests/")}
    assert [name for name in sorted(named) if not (ROOT / name.split("::")[0]).exists()] == []


def test_no_two_lines_have_one_name() -> None:
    assert len({cut.name for cut in CUTS}) == len(CUTS)
