"""The API tokens that may stop, in a file: the hash of each, who holds it, how far it reaches.

The sentinel writes it beside the file of targets while the database answers; a stop of the API
reads it when the database does not. It holds no token, only what one can be compared with.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from exercises.stopping.capability import Capability, as_told, from_told
from exercises.stopping.whole_file import write_whole

log = logging.getLogger(__name__)

FILE: Final = "stop-tokens.json"


@dataclass(frozen=True, slots=True)
class StopToken:
    """`digest` is SHA-256 of the whole token, as the database has it."""

    digest: str
    expires_at: datetime
    holder: Capability


def write_tokens(folder: Path, tokens: Sequence[StopToken]) -> bool:
    """Replace the file when what it says has changed. Raises OSError."""
    content = {
        token.digest: {"until": token.expires_at.isoformat(), "holder": as_told(token.holder)}
        for token in tokens
    }
    if _content(folder) == content:
        return False
    write_whole(folder / FILE, content)
    return True


def holder_of(folder: Path, digest: str, *, now: datetime) -> Capability | None:
    """What the holder of this token may stop; None when nobody is known to hold it now."""
    told = _content(folder).get(digest)
    if told is None or datetime.fromisoformat(told["until"]) <= now:
        return None
    return from_told(told["holder"])


def _content(folder: Path) -> dict[str, Any]:
    """What the file says; nothing when it cannot be read: it is then written anew."""
    try:
        told: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("stop.tokens.unreadable", extra={"why": repr(error)})
        return {}
    return told if isinstance(told, dict) else {}
