"""No class is left without a test, and the table for developers names them all."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bypass.classes import CLASSES

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "developer" / "bypass-classes.md"


def test_every_class_is_tried() -> None:
    tried = {
        number
        for path in HERE.glob("test_*.py")
        for names in re.findall(r"pytest\.mark\.bypass\(([^)]*)\)", path.read_text("utf-8"))
        for number in re.findall(r'"(B\d+)"', names)
    }
    assert tried == CLASSES.keys()


def test_the_table_names_every_class_and_tests_that_exist() -> None:
    rows = re.findall(r"^\| (B\d+) \|.*$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert rows == list(CLASSES)
    named = re.findall(r"`(tests/[\w/]+\.py)", TABLE.read_text("utf-8"))
    named += re.findall(r"`(exercises/[\w/]+\.py)", TABLE.read_text("utf-8"))
    assert [path for path in named if not (HERE.parents[1] / path).exists()] == []
