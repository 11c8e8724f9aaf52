"""The demo's templates for faults that functions read from parameters of Systems Manager.

Used by demo.templates. One asks which library reads the parameter, the other sets all three
functions of the media catalogue at once, each in the format of its own library.
"""

from __future__ import annotations

from typing import Any, Final

STOP: Final = [{"source": "aws:cloudwatch:alarm", "value": "{{alarm_arn}}"}]


def _asked(name: str, label: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "required": True, **more}


MINUTES: Final = _asked(
    "minutes", "Lasts", kind="minutes", default=6, minimum=2, maximum=60, unit="min"
)
PERCENT: Final = _asked(
    "percent", "Invocations that are hit", kind="int", default=4, minimum=1, maximum=100, unit="%"
)

LATE: Final = {
    "description": "{{percent}} % of the invocations wait {{delay_ms}} ms",
    "duration": "PT{{minutes}}M",
    "parameters": [
        {
            "name": "{{parameter}}",
            "format": "{{format}}",
            "faults": [{"kind": "latency", "delay_ms": "{{delay_ms}}", "percent": "{{percent}}"}],
        }
    ],
    "stopConditions": STOP,
}
LATE_PARAMETERS: Final = (
    _asked(
        "parameter",
        "Parameter that the function reads",
        kind="text",
        default="/media-catalogue/search/chaos",
        help="The one that CHAOS_PARAM or FAILURE_INJECTION_PARAM names.",
    ),
    _asked(
        "format",
        "Read by",
        kind="choice",
        default="chaos_lambda",
        choices=["chaos_lambda", "failure_lambda_0", "failure_lambda_1"],
    ),
    _asked("delay_ms", "Delay", kind="int", default=400, minimum=1, maximum=900000, unit="ms"),
    PERCENT,
    MINUTES,
)

CATALOGUE: Final = {
    "description": "{{percent}} % of searches fail, thumbnails are late, subtitles answer 503",
    "duration": "PT{{minutes}}M",
    "parameters": [
        {
            "name": "/media-catalogue/search/chaos",
            "format": "chaos_lambda",
            "faults": [
                {"kind": "exception", "message": "Chaos exercise", "percent": "{{percent}}"}
            ],
        },
        {
            "name": "/media-catalogue/thumbnails/fail",
            "format": "failure_lambda_0",
            "faults": [
                {
                    "kind": "latency",
                    "delay_ms": 900,
                    "most_delay_ms": 1100,
                    "percent": "{{percent}}",
                }
            ],
        },
        {
            "name": "/media-catalogue/subtitles/fail",
            "format": "failure_lambda_1",
            "faults": [{"kind": "status_code", "status": 503, "percent": "{{percent}}"}],
        },
    ],
    "stopConditions": STOP,
}
CATALOGUE_PARAMETERS: Final = (PERCENT, MINUTES)
