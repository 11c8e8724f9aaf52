"""Ask the endpoints that may veto a start, right before its gate and under no lock.

Their answers are rows; the gate reads them (queries.start_hooks). Nothing said is a no: a
hook is there to hold starts, so one that is silent holds them.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.conf import settings
from django.db import transaction

from exercises.channels.safe_fetch import Reach
from exercises.domain.errors import EngineError, Invalid
from exercises.domain.webhooks import ASKED, envelope, read_answer
from exercises.models import Run, StartAnswer, WebhookEndpoint
from exercises.models.due_work import database_now
from exercises.queries.start_hooks import asked_before
from exercises.queries.webhook_bodies import of_run
from exercises.services.calling import Call, call_of

PATIENCE_S: Final = 5.0


def ask_hooks(run: Run, reach: Reach | None = None) -> None:
    """Ask all of them at once and write down what each said. Never raises for what is wrong
    out there; a rehearsal injects nothing, so nobody is asked."""
    endpoints = [] if run.is_rehearsal else list(asked_before(run.experiment))
    if not endpoints:
        return
    calls = [_call(run, endpoint) for endpoint in endpoints]
    with ThreadPoolExecutor(len(calls), thread_name_prefix="hook") as pool:
        said = list(pool.map(lambda call: _answer(call, reach), calls))
    with transaction.atomic():
        now = database_now()
        for endpoint, (allows, reason) in zip(endpoints, said, strict=True):
            StartAnswer.objects.update_or_create(
                run=run,
                endpoint=endpoint,
                defaults={"asked_at": now, "allows": allows, "reason": reason},
            )


def _call(run: Run, endpoint: WebhookEndpoint) -> Call | str:
    """The call, or why there is none."""
    now, key = database_now(), str(uuid.uuid4())
    document = envelope(
        event_id=key,
        kind=ASKED,
        source=settings.CHAOSPLANE_BASE_URL,
        subject=f"runs/{run.pk}",
        at=now,
        data=of_run(run),
    )
    try:
        return call_of(endpoint, document, message_id=key, now=now, seconds=PATIENCE_S)
    except Invalid as error:
        return str(error)


def _answer(call: Call | str, reach: Reach | None) -> tuple[bool, str]:
    """Runs in a thread: no database here."""
    if isinstance(call, str):
        return False, call[:300]
    try:
        answered = call(reach)
    except Invalid as error:
        return False, "; ".join(words for _, words in error.problems)[:300]
    except EngineError as error:
        return False, f"no answer: {error}"[:300]
    return read_answer(answered.status, answered.content)
