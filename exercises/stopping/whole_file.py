"""A small file that is replaced at once: whoever reads sees the former or the new one, whole."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: object) -> None:
    """Replace the file by this JSON, on disk before it is seen. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
