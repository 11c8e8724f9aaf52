"""One line of JSON per log event; settings.LOGGING names it, every process uses it.

What a caller puts in `extra` becomes fields of the line, so a run can be followed by its id
through web, worker and beat.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from chaosplane.request_ids import current_request_id

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django and Celery attach whole requests and tasks, which are no text.
NOT_FIELDS = frozenset({"request", "server_time", "data"})


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "process": record.process,
        }
        if named := current_request_id():
            line["request_id"] = named
        for name, value in vars(record).items():
            if name not in STANDARD and name not in NOT_FIELDS:
                line.setdefault(name, value)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)
