"""The folders of embedded servers: who owns them, who can reach them, who uses them now."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import IO

from chaosplane.embedded.processes import CannotStart


def private_folder(path: Path, mode: int = 0o700) -> Path:
    """Make a folder in a place that everyone can write to, or take our own that is there.

    Somebody else's folder under our name could hand our sockets or binaries to them.
    """
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise CannotStart(f"{path} belongs to someone else: remove it first") from None
    path.chmod(mode)
    return path


def reachable_by(path: Path, uid: int) -> bool:
    """Whether that user can walk down to the path."""
    for part in [path, *path.parents]:
        if not part.exists():
            continue
        found = part.stat()
        needed = stat.S_IXUSR if found.st_uid == uid else stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


def take_lock(home: Path) -> IO[str] | None:
    """Hold a home until the returned file is closed or this process ends; None when taken."""
    home.mkdir(parents=True, exist_ok=True)
    # Opened for appending: whoever is refused must not empty the holder's file.
    lock = (home / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
