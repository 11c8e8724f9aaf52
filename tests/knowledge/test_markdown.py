"""Markdown of people: what it may do, and that no script comes through."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from exercises.web.markdown import markdown


class Elements(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.hrefs += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[read](javascript:alert(1))",
        "[read](JaVaScRiPt:alert(1))",
        "[read](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://tracker.example.test/pixel.png)",
        '<a href="#" onclick="alert(1)">x</a>',
        "<style>body{display:none}</style>",
        "<iframe src=https://example.test></iframe>",
        "[a]: javascript:alert(1)\n\n[a]",
        "`<script>`\n\n    <script>alert(1)</script>",
        '[x](https://example.test "a\\" onmouseover=\\"alert(1)")',
    ],
)
def test_no_markup_of_the_writer_becomes_an_element_or_a_script(text: str) -> None:
    seen = Elements()
    seen.feed(str(markdown(text)))
    assert seen.tags <= {"p", "a", "code", "pre"}
    assert seen.attributes <= {"href", "title", "rel"}
    assert all(href.startswith("https://") for href in seen.hrefs)


def test_headings_begin_below_the_title_of_the_page_and_links_give_nothing_away() -> None:
    html = str(markdown("# One\n\n**bold** [there](https://example.test)\n\n|a|\n|-|\n|1|"))
    assert "<h2>One</h2>" in html
    assert "<strong>bold</strong>" in html
    assert 'href="https://example.test" rel="noopener noreferrer"' in html
    assert "<td>1</td>" in html
