"""What leaves by webhook: the kinds of events, their envelope, their signature, their tries.

Pure. Bodies are CloudEvents 1.0 in JSON; signatures are those of Standard Webhooks, so that
ready-made libraries read both. services.webhook_events writes, services.send_webhooks sends.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from exercises.domain.delivery_times import RETRY_AFTER
from exercises.domain.errors import Invalid
from exercises.domain.finding_states import FindingState
from exercises.domain.run_states import TERMINAL

PREFIX: Final = "chaosplane."
KEY_MARK: Final = "whsec_"
SECRET_BYTES: Final = 32
BOTH_HOLD_FOR: Final = timedelta(hours=24)
"""After a rotation the old secret signs, too, until every receiver has the new one."""
MOST_TRIES: Final = len(RETRY_AFTER) + 1
JITTER: Final = 0.1
MAX_EXCERPT: Final = 500
ASKED: Final = "start.asked"
"""The type of the question whether a run may start."""


class EventKind(StrEnum):
    """What an endpoint may ask for. In a body the type is this, with `chaosplane.` before it."""

    EXERCISE_CREATED = "exercise.created"
    EXERCISE_STARTED = "exercise.started"
    EXERCISE_STOPPED = "exercise.stopped"
    EXERCISE_ENDED = "exercise.ended"
    EXERCISE_CLOSED = "exercise.closed"
    EXERCISE_CANCELLED = "exercise.cancelled"
    EXPERIMENT_PROPOSED = "experiment.proposed"
    EXPERIMENT_DECIDED = "experiment.decided"
    EXPERIMENT_CANCELLED = "experiment.cancelled"
    RUN_SCHEDULED = "run.scheduled"
    RUN_STARTED = "run.started"
    RUN_STOPPING = "run.stopping"
    RUN_ENDED = "run.ended"
    RUN_JUDGED = "run.judged"
    FINDING_DRAFTED = "finding.drafted"
    FINDING_FOUND = "finding.found"
    FINDING_ACCEPTED = "finding.accepted"
    FINDING_FIX_AGREED = "finding.fix_agreed"
    FINDING_FIX_LIVE = "finding.fix_live"
    FINDING_RETEST = "finding.retest"
    FINDING_VERIFIED = "finding.verified"
    FINDING_REOPENED = "finding.reopened"
    FINDING_DISMISSED = "finding.dismissed"
    TEST = "webhook.test"

    @property
    def words(self) -> str:
        return _WORDS[self]


_K = EventKind
_WORDS: Final[Mapping[EventKind, str]] = MappingProxyType(
    {
        _K.EXERCISE_CREATED: "An exercise is planned",
        _K.EXERCISE_STARTED: "Go was said",
        _K.EXERCISE_STOPPED: "Stop all",
        _K.EXERCISE_ENDED: "Nothing runs any more, the debrief is open",
        _K.EXERCISE_CLOSED: "The debrief is closed",
        _K.EXERCISE_CANCELLED: "An exercise is cancelled",
        _K.EXPERIMENT_PROPOSED: "An experiment waits for approval",
        _K.EXPERIMENT_DECIDED: "Somebody decided on an experiment",
        _K.EXPERIMENT_CANCELLED: "An experiment is cancelled",
        _K.RUN_SCHEDULED: "A run has its time",
        _K.RUN_STARTED: "A run injects its fault",
        _K.RUN_STOPPING: "A run is being stopped",
        _K.RUN_ENDED: "A run is over, or did not start",
        _K.RUN_JUDGED: "A run has its verdict",
        _K.FINDING_DRAFTED: "A run drafted a finding",
        _K.FINDING_FOUND: "A finding is written down",
        _K.FINDING_ACCEPTED: "A finding is accepted",
        _K.FINDING_FIX_AGREED: "A fix is agreed",
        _K.FINDING_FIX_LIVE: "A fix is live",
        _K.FINDING_RETEST: "A finding is tested again",
        _K.FINDING_VERIFIED: "A finding is proved fixed",
        _K.FINDING_REOPENED: "A finding taken for fixed came back",
        _K.FINDING_DISMISSED: "A finding is dismissed",
        _K.TEST: "Test",
    }
)
CHOOSABLE: Final = tuple(kind for kind in EventKind if kind is not EventKind.TEST)

OF_LINE: Final[Mapping[str, EventKind]] = MappingProxyType(
    {
        "exercise.created": _K.EXERCISE_CREATED,
        "exercise.go": _K.EXERCISE_STARTED,
        "stop.all": _K.EXERCISE_STOPPED,
        "exercise.debrief": _K.EXERCISE_ENDED,
        "exercise.closed": _K.EXERCISE_CLOSED,
        "exercise.cancelled": _K.EXERCISE_CANCELLED,
        "run.scheduled": _K.RUN_SCHEDULED,
        "run.running": _K.RUN_STARTED,
        "run.stopping": _K.RUN_STOPPING,
        **{f"run.{state.value}": _K.RUN_ENDED for state in TERMINAL},
        "verdict.held": _K.RUN_JUDGED,
        "verdict.not_held": _K.RUN_JUDGED,
        "verdict.inconclusive": _K.RUN_JUDGED,
    }
)
"""Which lines of the log leave the house."""

OF_FINDING: Final[Mapping[FindingState, EventKind]] = MappingProxyType(
    {
        FindingState.DRAFT: _K.FINDING_DRAFTED,
        FindingState.FOUND: _K.FINDING_FOUND,
        FindingState.ACCEPTED: _K.FINDING_ACCEPTED,
        FindingState.FIX_AGREED: _K.FINDING_FIX_AGREED,
        FindingState.FIX_LIVE: _K.FINDING_FIX_LIVE,
        FindingState.RETEST: _K.FINDING_RETEST,
        FindingState.VERIFIED: _K.FINDING_VERIFIED,
        FindingState.DISMISSED: _K.FINDING_DISMISSED,
    }
)


def check_kinds(wanted: Sequence[str], *, may_be_none: bool = False) -> list[str]:
    """The chosen kinds in their order, each once. Raises Invalid."""
    unknown = sorted(set(wanted) - set(CHOOSABLE))
    if unknown:
        raise Invalid("events", f"no such events: {', '.join(unknown)[:200]}")
    if not wanted and not may_be_none:
        raise Invalid("events", "choose at least one kind of event")
    return [kind.value for kind in CHOOSABLE if kind.value in wanted]


def envelope(
    *, event_id: str, kind: str, source: str, subject: str, at: datetime, data: object
) -> dict[str, object]:
    """One event as CloudEvents 1.0 has it ("JSON Event Format", structured mode)."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": f"{PREFIX}{kind}",
        "subject": subject,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }


def body_of(document: Mapping[str, object]) -> bytes:
    """The same bytes for the same event, whenever it is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def secret_of(random: bytes) -> str:
    """A secret as Standard Webhooks writes it, of so many random bytes."""
    return KEY_MARK + base64.b64encode(random).decode()


def signed_headers(
    secrets: Sequence[str], *, message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """The three headers of Standard Webhooks; one signature for each secret that holds."""
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_signature(s, signed)}" for s in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(KEY_MARK), validate=True)
    except binascii.Error as error:
        raise Invalid("secret", "is no base64") from error
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def next_try(now: datetime, failures: int, *, shake: float) -> datetime:
    """When to try again after so many failures. `shake` is random, 0 to 1: so that what failed
    together does not come back together."""
    pause = RETRY_AFTER[min(max(failures, 1), len(RETRY_AFTER)) - 1]
    return now + pause * (1 + JITTER * (2 * shake - 1))


def read_answer(status: int, content: bytes) -> tuple[bool, str]:
    """Whether an answer allows a start, and why not. What cannot be read does not."""
    if not 200 <= status < 300:
        return False, f"it answered {status}"
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    allows = said.get("allow") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(allows, bool):
        return False, "its answer has no allow that is true or false"
    reason = said.get("reason")
    words = excerpt(reason.encode("utf-8", "replace"))[:200] if isinstance(reason, str) else ""
    return allows, "" if allows else words or "it gives no reason"


def excerpt(content: bytes) -> str:
    """The beginning of an answer as text that can be kept and shown."""
    text = content[: 4 * MAX_EXCERPT].decode("utf-8", "replace").replace("\x00", "�")
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)[:MAX_EXCERPT]
