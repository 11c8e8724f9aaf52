"""Send the requests that a description beside this file names. Copied to `load-of-<load>.py`,
with `load-of-<load>.json` next to it, by engines.toolkit_supervisor; Locust loads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from locust import HttpUser, constant, task

LOAD: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def sender(request: dict[str, Any]) -> Any:
    """What a user does: this one request."""

    def send(user: Any) -> None:
        user.client.request(
            request["method"],
            request["path"],
            headers=request.get("headers"),
            json=request.get("json"),
            timeout=30,
            allow_redirects=False,
        )

    return task(int(request.get("weight", 1)))(send)


class Visitor(HttpUser):  # type: ignore[misc]
    """One user of the load."""

    host = LOAD["host"]
    wait_time = constant(float(LOAD.get("wait_s", 1)))
    tasks = [sender(request) for request in LOAD["requests"]]
