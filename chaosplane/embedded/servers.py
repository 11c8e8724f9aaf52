"""Starts and stops the servers of one home, for chaosplane.demo and tests/conftest.py."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from chaosplane.embedded import addresses, postgres, valkey
from chaosplane.embedded.folders import private_folder, take_lock
from chaosplane.embedded.processes import CannotStart, Child


class Servers:
    """PostgreSQL and Valkey, as far as no address of another server is given.

    `environment` is what a process needs to reach them.
    """

    def __init__(self, home: Path, *, durable: bool, given: Mapping[str, str]) -> None:
        self.home = home
        self.addresses = addresses(home)
        self.children: dict[str, Child] = {}
        self._durable = durable
        self._starts: dict[str, Callable[[], Child]] = {}
        if not given.get("DATABASE_URL"):
            self._starts["PostgreSQL"] = self._postgres
        if not given.get("REDIS_URL"):
            self._starts["Valkey"] = self._valkey
        self.environment = {
            "DATABASE_URL": given.get("DATABASE_URL") or self.addresses.database_url,
            "REDIS_URL": given.get("REDIS_URL") or self.addresses.redis_url,
        }
        self._lock = take_lock(home)
        if self._lock is None:
            raise CannotStart(
                f"Another chaosplane runs on {home}: stop it, or set CHAOSPLANE_HOME elsewhere."
            )

    def start(self) -> None:
        # `nobody` has to walk through it to its own folder when we are root.
        private_folder(self.addresses.run_dir, 0o711 if os.geteuid() == 0 else 0o700)
        try:
            for name in self._starts:
                self.children[name] = self._starts[name]()
        except BaseException:
            self.stop()
            raise

    def revive(self) -> list[str]:
        """Start again what has ended unasked, and say which."""
        ended = [name for name, child in self.children.items() if not child.alive()]
        for name in ended:
            self.children[name] = self._starts[name]()
        return ended

    def _postgres(self) -> Child:
        return postgres.start(self.home, self.addresses.postgres_dir, durable=self._durable)

    def _valkey(self) -> Child:
        return valkey.start(self.home, self.addresses.valkey_socket, durable=self._durable)

    def stop(self, seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        for child in self.children.values():
            child.ask_to_stop()
        for child in self.children.values():
            child.wait_or_end(end - time.monotonic())
        if self.children:
            shutil.rmtree(self.addresses.run_dir, ignore_errors=True)
        self.children.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
