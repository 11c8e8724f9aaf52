"""A page made for paper, as a tagged PDF (PDF/UA-1, ISO 14289-1) with its fonts in it.

Called by services.report_pdf. The same HTML gives the same bytes: there is no clock, no
address is ever fetched, and the one font comes with the package. WeasyPrint needs the Pango
library of the system and takes a second to import, so it is imported with the first PDF.
"""

from __future__ import annotations

import logging
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from exercises.domain.errors import Unavailable

MAX_HTML: Final = 4_000_000
_FACES: Final = ((400, "Regular"), (600, "Semibold"))
# Pango's font map is one for the process.
_ONE_AT_A_TIME: Final = threading.Lock()


def pdf_of(html: str) -> bytes:
    """The PDF. Raises Unavailable where Pango is missing, ValueError for what no report holds."""
    if len(html) > MAX_HTML:
        raise ValueError(f"{len(html):,} characters of HTML, at most {MAX_HTML:,}")
    weasyprint = _weasyprint()
    with _ONE_AT_A_TIME:
        fonts = weasyprint.text.fonts.FontConfiguration()
        fetch = weasyprint.urls.URLFetcher
        style = weasyprint.CSS(
            string=_style(), font_config=fonts, url_fetcher=fetch(allowed_protocols=("file",))
        )
        page = weasyprint.HTML(string=html, url_fetcher=fetch(allowed_protocols=()))
        written: bytes = page.write_pdf(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1"
        )
    return written


def _weasyprint() -> Any:
    try:
        return _library()
    except OSError as error:
        raise Unavailable(
            "No PDF on this machine: the Pango library is missing. On Debian or Ubuntu:"
            " apt-get install libpango-1.0-0 libpangoft2-1.0-0. Printing the page works."
        ) from error


def _library() -> Any:
    # It tells of each of its seven steps, from the import on; what matters it raises.
    for name in ("weasyprint", "weasyprint.progress"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import weasyprint
    import weasyprint.text.fonts
    import weasyprint.urls

    return weasyprint


def _font(name: str) -> Path:
    return Path(str(files("font_source_sans_pro") / "files" / f"SourceSansPro-{name}.ttf"))


@cache
def _style() -> str:
    faces = "".join(
        f'@font-face {{ font-family: "Report"; font-weight: {weight};'
        f' src: url("{_font(name).as_uri()}"); }}\n'
        for weight, name in _FACES
    )
    return faces + (files("exercises.paper") / "paper.css").read_text(encoding="utf-8")
