"""Everything a page can do the API can, except what needs a person: page_actions.txt is right.

A POST of a page without a line fails here, and so does a line whose operation is not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from drf_spectacular.generators import SchemaGenerator

from tests.authorization.table import read_table

TABLE: Final = Path(__file__).with_name("page_actions.txt")
METHODS: Final = frozenset({"get", "post", "put", "delete"})


def lines() -> dict[str, str]:
    """What the file says of each address of a page."""
    found: dict[str, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, said = line.split(maxsplit=1)
            assert name not in found, f"{name} is there twice"
            found[name] = said.strip()
    return found


def operations() -> set[str]:
    """`POST exercises/{slug}/stop/` and the like, as the OpenAPI document has them."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in METHODS
    }


def test_every_post_of_a_page_has_its_operation_or_says_why_a_person_is_needed() -> None:
    posts = {row.name for row in read_table() if row.method == "POST"}
    pages = {name for name in posts if not name.startswith("api-")}
    said = lines()
    assert sorted(pages - set(said)) == [], "pages without a line in page_actions.txt"
    assert sorted(set(said) - pages) == [], "lines that name no page"
    there = operations()
    wrong = {
        name: operation
        for name, operation in said.items()
        if operation.partition(" ")[0] != "person" and operation not in there
    }
    assert wrong == {}
    reasons = [text for text in said.values() if text.partition(" ")[0] == "person"]
    assert all(len(text.split()) > 2 for text in reasons)
