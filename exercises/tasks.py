"""Celery's entry points: each a line into a service.

A message carries an id and a fence and means "look now"; it may be lost, late or doubled.
"""

from __future__ import annotations

import logging

from celery import shared_task

from exercises.domain.errors import Conflict
from exercises.services import (
    announce,
    debrief,
    deliver,
    due_work,
    editions,
    freeze_sources,
    game_ledger,
    notice_times,
    observe,
    preflight,
    report_mails,
    retention,
    send_webhooks,
    settle_starts,
    start,
    sweep,
)

log = logging.getLogger(__name__)


@shared_task(name="exercises.tick")
def tick() -> None:
    due_work.note_tick()
    due_work.tick()
    debrief.open_due_debriefs()
    game_ledger.score_due_rounds()
    notice_times.tell_what_is_due()
    retention.remove_when_due()


@shared_task(name="exercises.start_run")
def start_run(run_id: str, fence: int) -> None:
    try:
        start.start_run(run_id=run_id, fence=fence)
    except Conflict as conflict:
        log.info("run.start.superseded", extra={"run": run_id, "why": str(conflict)})


@shared_task(name="exercises.settle_start")
def settle_start(run_id: str, fence: int) -> None:
    try:
        settle_starts.settle_start(run_id=run_id, fence=fence)
    except Conflict as conflict:
        log.info("run.settle.superseded", extra={"run": run_id, "why": str(conflict)})


@shared_task(name="exercises.observe_region")
def observe_region(region_id: str, fence: int) -> None:
    observe.observe_region(region_id=int(region_id), fence=fence)


@shared_task(name="exercises.repeat_check")
def repeat_check(check_id: str, fence: int) -> None:
    preflight.repeat_check(check_id=int(check_id), fence=fence)


@shared_task(name="exercises.materialise_editions")
def materialise_editions(schedule_id: str, fence: int) -> None:
    editions.materialise_editions(schedule_id=int(schedule_id), fence=fence)


@shared_task(name="exercises.announce")
def announce_it(announcement_id: str, fence: int) -> None:
    announce.announce(announcement_id=int(announcement_id), fence=fence)


@shared_task(name="exercises.deliver")
def deliver_through(channel_id: str, fence: int) -> None:
    deliver.deliver(channel_id=int(channel_id), fence=fence)


@shared_task(name="exercises.mail_report")
def mail_report(subscription_id: str, fence: int) -> None:
    report_mails.mail_report(subscription_id=int(subscription_id), fence=fence)


@shared_task(name="exercises.send_webhooks")
def send_to_endpoint(endpoint_id: str, fence: int) -> None:
    send_webhooks.send_webhooks(endpoint_id=int(endpoint_id), fence=fence)


@shared_task(name="exercises.sweep_run")
def sweep_run(clean_up_id: str, fence: int) -> None:
    sweep.sweep_run(clean_up_id=int(clean_up_id), fence=fence)


@shared_task(name="exercises.refresh_freezes")
def refresh_freezes(source_id: str, fence: int) -> None:
    freeze_sources.refresh_source(source_id=int(source_id), fence=fence)
