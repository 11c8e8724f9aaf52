"""A migrated database that the databases of tests are copied from.

conftest.py asks for it, and what starts an installation of its own: drills and benchmarks.

Migrating takes ten seconds of a core, copying a tenth of one. The copy is named for everything
that the tables are made of, so another state of the code makes another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "chaosplane_migrated_"
ONE_AT_A_TIME = 7_201_512_804


def name() -> str:
    """Migrations import what models and domain know; the lock names every other app."""
    files = [ROOT / "chaosplane" / "settings.py", ROOT / "requirements" / "runtime.lock"]
    for part in ("domain", "migrations", "models"):
        files += sorted((ROOT / "exercises" / part).rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return PREFIX + digest.hexdigest()[:24]


class Copy:
    """The copy for this state of the code; whoever finds none makes it, and the others wait."""

    def __init__(self, address: str) -> None:
        self.name = name()
        self._session = psycopg.connect(address, autocommit=True)
        self._session.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        self.is_there = self.name in self._all()
        if self.is_there:
            self._session.close()

    def _all(self) -> list[str]:
        found = self._session.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        )
        return [row[0] for row in found]

    def keep(self, source: str) -> None:
        """Copy a database that nobody is connected to. Copies of other states of the code go."""
        for old in self._all():
            self._session.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old))
            )
        self._session.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(self.name), sql.Identifier(source)
            )
        )
        self._session.close()

    def leave(self) -> None:
        """Make none; whoever waits goes on."""
        self._session.close()


@contextmanager
def new_database(address: str, name: str) -> Iterator[bool]:
    """Make this database anew; whoever is told that it is empty migrates it, and leaves it."""
    copy = Copy(address)
    template = copy.name if copy.is_there else "template1"
    with psycopg.connect(address, autocommit=True) as session:
        old, new = sql.Identifier(name), sql.Identifier(template)
        session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(old))
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(old, new))
    yield not copy.is_there
    if not copy.is_there:
        copy.keep(name)
