"""Starts and stops the servers of one home, for chaosplane.demo and tests/conftest.py."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
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
        self.children: list[Child] = []
        self._durable = durable
        self._wants = {name for name in ("DATABASE_URL", "REDIS_URL") if not given.get(name)}
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
            if "DATABASE_URL" in self._wants:
                self.children.append(
                    postgres.start(self.home, self.addresses.postgres_dir, durable=self._durable)
                )
            if "REDIS_URL" in self._wants:
                self.children.append(
                    valkey.start(self.home, self.addresses.valkey_socket, durable=self._durable)
                )
        except BaseException:
            self.stop()
            raise

    def stop(self, seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait_or_end(end - time.monotonic())
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
