"""Two documents are compared line by line, wherever their keys stand."""

from __future__ import annotations

from exercises.domain.line_diff import line_diff


def test_the_order_of_keys_is_no_difference() -> None:
    assert line_diff({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}) == ""


def test_a_change_stands_between_the_lines_around_it() -> None:
    before = {"actions": {"stop": {"minutes": 5}}, "zone": "a"}
    after = {"actions": {"stop": {"minutes": 10}}, "zone": "a"}
    assert line_diff(before, after).splitlines() == [
        "@@ -1,7 +1,7 @@",
        " {",
        '   "actions": {',
        '     "stop": {',
        '-      "minutes": 5',
        '+      "minutes": 10',
        "     }",
        "   },",
        '   "zone": "a"',
    ]
