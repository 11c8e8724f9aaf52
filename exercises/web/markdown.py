"""Markdown that people write, as HTML that is safe to show.

Two guards, of two makers: markdown-it-py reads CommonMark with raw HTML switched off, and nh3
(Mozilla's Ammonia) lets only these elements and addresses through. Used by knowledge pages.
"""

from __future__ import annotations

from typing import Final

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_ELEMENTS: Final = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_READER: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def markdown(text: str) -> SafeString:
    """The text as HTML. A page has its title already, so headings begin a level lower."""
    tokens = _READER.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"
    html = _READER.renderer.render(tokens, _READER.options, {})
    safe = nh3.clean(
        html,
        tags=_ELEMENTS,
        attributes={"a": {"href", "title"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(safe)  # noqa: S308  cleaned above
