"""Stop over the API; the command goes straight to AWS when the server does not answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from chaosplane.client.server import Json, NotDone, Server

EXPERIMENT: Final = re.compile(r"EXP-([1-9][0-9]{0,17})", re.IGNORECASE)
RUN: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNDER_WAY: Final = frozenset({"scheduled", "starting", "start_unknown", "running", "stopping"})

Say = Callable[[str], None]


def stop(server: Server, *, run: str, exercise: str, reason: str, say: Say) -> bool:
    """Whether AWS accepted every stop. Raises NotDone, Unreachable."""
    body = {"reason": reason}
    if exercise:
        answer = server.post(f"exercises/{quote(exercise, safe='')}/stop/", body)
        receipts: list[Json] = answer if isinstance(answer, list) else [answer]
    else:
        receipts = [server.post(f"runs/{_run_id(server, run)}/stop/", body)]
    for one in receipts:
        word = "accepted" if one["accepted"] else "NOT CONFIRMED, it is asked again"
        say(f"{one['title']}: {word}. {one['message']}".rstrip())
    if not receipts:
        say("Nothing is under way; nothing more starts.")
    return all(one["accepted"] for one in receipts)


def _run_id(server: Server, named: str) -> str:
    """The run of EXP-17 that is under way or comes next; an id of a run as it is."""
    if RUN.fullmatch(named):
        return named
    match = EXPERIMENT.fullmatch(named)
    if match is None:
        raise NotDone(422, ["run: EXP-17, or the id of a run"])
    rows = server.every("runs/", {"experiment": match[1]}, at_most=500)
    under_way = [row["id"] for row in rows if row["state"] in _UNDER_WAY]
    if not under_way:
        raise NotDone(404, [f"{named.upper()}: no run of it is under way."])
    return str(under_way[-1])
