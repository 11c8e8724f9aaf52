"""Documents of the Lambda configuration engine that tests start from."""

from __future__ import annotations

from typing import Any, Final

NAME: Final = "/media-catalogue/search/chaos"


def slow(delay_ms: int = 1500, percent: int = 100, **more: Any) -> dict[str, Any]:
    """Late answers of the simulated media catalogue's search, for ten minutes."""
    return {
        "description": "Late answers of the search",
        "duration": "PT10M",
        "parameters": [
            {
                "name": NAME,
                "format": "chaos_lambda",
                "faults": [{"kind": "latency", "delay_ms": delay_ms, "percent": percent}],
            }
        ],
        "stopConditions": [{"source": "none"}],
        **more,
    }
