"""PostgreSQL and Valkey from wheels, for the demo, development and the tests.

settings.py asks here where the servers listen; chaosplane.demo and tests/conftest.py start them
through `chaosplane.embedded.servers`. Production has servers of its own and never comes here.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

__all__ = ["Addresses", "addresses", "home"]


@dataclass(frozen=True)
class Addresses:
    """Where the servers of one home listen: sockets only, so no port is ever taken."""

    run_dir: Path
    postgres_dir: Path
    valkey_socket: Path
    database_url: str
    redis_url: str


def home(variables: Mapping[str, str]) -> Path:
    """The folder that keeps data and logs: CHAOSPLANE_HOME, else .data in the project."""
    named = variables.get("CHAOSPLANE_HOME")
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".data"


def addresses(home: Path) -> Addresses:
    # A socket's path has 107 bytes at most on Linux and 103 on macOS, so the sockets live in a
    # short folder of their own, named by whom and what they serve.
    key = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:10]
    run_dir = Path(tempfile.gettempdir()) / f"cp-{os.geteuid()}-{key}"
    postgres_dir, valkey_socket = run_dir / "p", run_dir / "v.sock"
    return Addresses(
        run_dir=run_dir,
        postgres_dir=postgres_dir,
        valkey_socket=valkey_socket,
        database_url=f"postgresql://chaosplane@/chaosplane?host={quote(str(postgres_dir))}",
        redis_url=f"unix://{quote(str(valkey_socket))}?db=0",
    )
