"""A template exported and read again is the same; a file that says otherwise is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.domain.canonical_json import parse_strict
from exercises.domain.errors import Invalid
from exercises.domain.template_entry import Entry, entry_document, is_entry, read_entry
from tests import build

ENTRY = Entry(
    slug="stop-one",
    name="Stop one",
    summary="One goes away.",
    failure_family="instance-loss",
    engine="fis",
    generator="",
    definition=build.DEFINITION,
    parameters=build.PARAMETERS,
    rung=1,
    hypothesis="If one stops, then nobody notices.",
    notes="First version.",
)


def reread(document: dict[str, object], **how: Any) -> Entry:
    return read_entry(parse_strict(json.dumps(document, **how)))


def test_what_was_exported_is_read_again_with_the_same_digest() -> None:
    document = entry_document(ENTRY)
    for how in ({}, {"indent": 4}, {"sort_keys": True}, {"ensure_ascii": False}):
        again = reread(document, **how)
        assert (again, again.digest) == (ENTRY, document["digest"])


def test_a_number_is_whole_however_it_is_written() -> None:
    document = entry_document(ENTRY)
    assert reread(document | {"rung": 1.0}) == ENTRY


def test_name_and_notes_do_not_change_the_digest_and_content_does() -> None:
    document = entry_document(ENTRY)
    assert reread(document | {"name": "Another", "notes": "", "slug": "b"}).digest == ENTRY.digest
    changes: list[dict[str, Any]] = [{"rung": 2}, {"hypothesis": "x"}, {"parameters": []}]
    for change in changes:
        assert reread({**document, **change, "digest": ""}).digest != ENTRY.digest


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(WORDS, v, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, JSON, min_size=1, max_size=4))
def test_a_digest_is_stable_under_another_spelling_of_the_same(definition: dict[str, Any]) -> None:
    entry = Entry(**{**entry_fields(), "definition": definition})
    assert reread(entry_document(entry), sort_keys=True, indent=1).digest == entry.digest


def entry_fields() -> dict[str, Any]:
    return {name: getattr(ENTRY, name) for name in Entry.__dataclass_fields__}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": "chaosplane-template/9"}, "format"),
        ({"surprise": 1}, "surprise"),
        ({"name": 5}, "name"),
        ({"rung": "1"}, "rung"),
        ({"rung": True}, "rung"),
        ({"rung": 1.5}, "rung"),
        ({"definition": []}, "definition"),
        ({"parameters": {}}, "parameters"),
        ({"generator": "az_power"}, "definition"),
        ({"definition": {}}, "definition"),
        ({"digest": "0" * 64}, "digest"),
        ({"hypothesis": "Another, under the old digest."}, "digest"),
    ],
)
def test_a_file_at_fault_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        reread({**entry_document(ENTRY), **change})
    assert field in dict(caught.value.problems)


def test_an_engines_document_is_no_template_file() -> None:
    assert is_entry(entry_document(ENTRY))
    assert not is_entry(build.DEFINITION)
    assert not is_entry([])
