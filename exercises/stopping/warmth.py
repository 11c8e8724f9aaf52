"""Keep what a stop needs from AWS at hand: a client and credentials for every Region.

Making a client takes a twentieth of a second, and fifty of them must not be made while
somebody waits for a stop. chaosplane.asgi is the caller.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Final

from exercises.aws.sessions import Purpose, client
from exercises.domain.errors import EngineError
from exercises.stopping.targets import read_targets

log = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 5.0


def warm_up(folder: Path) -> int:
    """Have a client for each Region of the list; returns how many cannot be had."""
    missing = 0
    for place in read_targets(folder).places:
        try:
            client(place, "fis", Purpose.STOP)
        except EngineError as error:
            missing += 1
            where = f"{place.account_id} {place.region}"
            log.warning("stop.not_warm", extra={"place": where, "why": str(error)})
    return missing


def keep_warm(folder: Path) -> None:
    """Start a thread that does it for as long as this process lives. Asking for a client
    renews its credentials a quarter of an hour before they end."""

    def for_ever() -> None:
        while True:
            warm_up(folder)
            time.sleep(AGAIN_AFTER_S)

    threading.Thread(target=for_ever, name="stop-warmth", daemon=True).start()
