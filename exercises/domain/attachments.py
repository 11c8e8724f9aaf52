"""What may be attached to a finding: pictures, PDF and plain text, told by their bytes.

What a browser would run (HTML, SVG) is in no kind; a name or a claimed type decides nothing
but how text is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from exercises.domain.errors import Invalid

MAX_BYTES: Final = 2 * 1024 * 1024
MOST: Final = 10  # files of one finding
MAX_NAME: Final = 100
FIELD: Final = "file"

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
_TEXTS: Final = {
    ".txt": "text/plain",
    ".log": "text/plain",
    ".md": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
}
_SIGNATURES: Final[tuple[tuple[str, str, Callable[[bytes], bool]], ...]] = (
    # PNG (W3C) 5.2; JPEG (ITU-T T.81) B.2; WebP (RFC 9649) 2.4; PDF (ISO 32000-1) 7.5.2.
    ("image/png", ".png", lambda content: content.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", ".jpg", lambda content: content.startswith(b"\xff\xd8\xff")),
    ("image/webp", ".webp", lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP"),
    ("application/pdf", ".pdf", lambda content: content.startswith(b"%PDF-")),
)


def media_type_of(name: str, content: bytes) -> str:
    """The media type that these bytes are; raises Invalid for an empty, large or other file."""
    if not content:
        raise Invalid(FIELD, "is empty")
    if len(content) > MAX_BYTES:
        raise Invalid(FIELD, f"at most {MAX_BYTES // 1024**2} MB; this has {len(content):,} bytes")
    for media_type, _, matches in _SIGNATURES:
        if matches(content):
            return media_type
    if (text := _TEXTS.get(_ending(name))) and _is_text(content):
        return text
    kinds = ", ".join([ending for _, ending, _ in _SIGNATURES] + list(_TEXTS))
    raise Invalid(FIELD, f"PNG, JPEG, WebP, PDF or plain text in UTF-8 ({kinds}); this is none")


def clean_name(name: str) -> str:
    """The name without a path or anything that a header, a shell or an archive would read.

    Raises Invalid when nothing is left or it is too long.
    """
    last = re.split(r"[/\\]", name)[-1]
    cleaned = re.sub(r"[^\w.\- ]+", "_", last).strip(" .")
    if not 1 <= len(cleaned) <= MAX_NAME:
        raise Invalid(FIELD, f"its name must have 1 to {MAX_NAME} characters")
    return cleaned


def _ending(name: str) -> str:
    return "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False
