"""`manage.py sentinel`: the process that must go on; one on each machine that serves pages."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created
from psycopg_pool import PoolTimeout

from exercises.services.engine_events import Ears
from exercises.services.sentinel import StopDriver, Watch

log = logging.getLogger(__name__)

EVERY_S = 1.0
STATEMENT_TIMEOUT = "15s"


class Command(BaseCommand):
    help = "Drive every stop to its end, and do the due work while Celery is silent."

    def handle(self, *args: Any, **options: Any) -> None:
        _check_folder(Path(settings.CHAOSPLANE_STOP_JOURNAL))
        connection_created.connect(_bound, dispatch_uid="sentinel")
        is_over = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            is_over.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        loops = {
            "stops": StopDriver().cycle,
            "watch": _with_database(Watch().cycle),
            "events": _with_database(Ears().cycle),
        }
        for name, cycle in loops.items():
            threading.Thread(
                target=_loop, args=(name, cycle, is_over), name=name, daemon=True
            ).start()
        is_over.wait()


def _loop(name: str, cycle: Callable[[], object], is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            cycle()
        except Exception:
            # The sentinel outlives whatever goes wrong in one look.
            log.exception("sentinel.failed", extra={"loop": name})
        is_over.wait(EVERY_S)


def _with_database(work: Callable[[], object]) -> Callable[[], None]:
    def cycle() -> None:
        try:
            work()
        except (DatabaseError, PoolTimeout) as error:
            log.warning("sentinel.database.away", extra={"why": str(error)})
        finally:
            connection.close()

    return cycle


def _bound(connection: Any, **_: Any) -> None:
    """No statement of the sentinel may keep the next look waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [STATEMENT_TIMEOUT])


def _check_folder(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            f"CHAOSPLANE_STOP_JOURNAL={folder}: stops cannot be written there ({error})."
        ) from error
