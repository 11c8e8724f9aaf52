"""YAML is read as JSON values, and what is unclear or could grow without bound is refused."""

from __future__ import annotations

import json

import pytest
import yaml

from exercises.domain.errors import Invalid
from exercises.domain.yaml_text import read_yaml, write_yaml

TEXTS = [
    "yes", "on", "1e3", "012", "0x1", "null", "", "~", "2026-01-01", "09:30", "12:30:45", " x",
    "a\nb\n", "a: b", "- x", "ü", "\t", "#c", "1_000", "=", "<<", ".inf", "true", "111111111111",
]  # fmt: skip
BILLION = "a: &a [x, x, x, x]\n" + "".join(
    f"{now}: &{now} [*{last}, *{last}, *{last}, *{last}]\n"
    for last, now in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_what_is_written_is_read_as_the_same_by_us_and_by_others() -> None:
    value = {
        "texts": TEXTS, "keys": dict.fromkeys(TEXTS, 1), "n": 1.5, "big": 1e300, "no": -3,
        "yes": True, "none": None, "empty": {}, "nothing": [],
    }  # fmt: skip
    text = write_yaml(value)
    assert read_yaml(text.encode()) == value
    assert yaml.safe_load(text) == value


def test_json_is_yaml() -> None:
    value = {"a": [1, 2.5, None, True, {"b": "c\n"}]}
    assert read_yaml(json.dumps(value, indent=2).encode()) == value


def test_words_that_only_old_readers_take_for_something_else_are_text() -> None:
    assert read_yaml(b"[yes, no, on, off, 2026-01-14, 09:30]") == [
        "yes", "no", "on", "off", "2026-01-14", "09:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BILLION, "write it out"),
        ("a: *x", "write it out"),
        ("a: !!python/object/apply:os.system [x]", r"tags \(!\) are not read \(line 1\)"),
        ("a: 1\nb: 2\na: 3", "the key “a” is there twice in one object .line 3"),
        ("[" * 100_000, "nested deeper than 40 levels"),
        ("- " * 100_000, "nested deeper than 40 levels"),
        ("a: 0123", "put it in quotes"),
        ("a: .nan", "put it in quotes"),
        ("1: 2", "a key must be text"),
        ("? [a]\n: b", "a key must be text"),
        ("--- a\n--- b", "one document only"),
        ("", "nothing there"),
        ("a: [", "not YAML"),
        ("a: \x00", "not YAML"),
        ('a: "\\0"', "a character that cannot be stored"),
        ("a: 99999999999999999999", "is beyond"),
        ("a: " + "9" * 5000, "a number has at most 40 characters"),
        ("a: 1e999", "too large|JSON number"),
    ],
)
def test_what_is_unclear_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_yaml(text.encode())


def test_too_long_and_no_text_are_refused() -> None:
    with pytest.raises(Invalid, match="at most 10 bytes; this is 11"):
        read_yaml(b"a: 34567890", max_bytes=10)
    with pytest.raises(Invalid, match="not UTF-8"):
        read_yaml(b"a: \xff")
