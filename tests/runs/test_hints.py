"""Hints may be lost, and never cost those who give them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from exercises import hints


@pytest.fixture
def hung_broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        monkeypatch.setattr(hints, "_quiet_until", 0.0)
        yield server


def connections(server: socket.socket) -> int:
    found = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return found
        found += 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_is_waited_for_once_not_for_every_line_of_the_log(
    hung_broker: socket.socket,
) -> None:
    for _ in range(20):
        with transaction.atomic():
            hints.tell_pages(1)
    assert connections(hung_broker) == 1


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from celery import current_app

    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **kwargs: names.append(name))
    return names


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_woken_once_what_it_shall_find_is_committed(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "_quiet_until", 0.0)
    with transaction.atomic():
        hints.wake_once_committed("exercises.tick")
        assert sent == []
    assert sent == ["exercises.tick"]


@pytest.mark.django_db(transaction=True)
def test_whoever_says_go_does_not_wait_again_for_a_broker_that_just_hung(
    hung_broker: socket.socket, sent: list[str]
) -> None:
    with transaction.atomic():
        hints.tell_pages(1)
        hints.wake_once_committed("exercises.tick")
    assert connections(hung_broker) == 1
    assert sent == []


def test_a_worker_that_cannot_be_woken_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from celery import current_app

    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(current_app, "send_task", refuse)
    assert hints.wake("exercises.tick") is False


def test_a_task_that_takes_a_cancellation_for_its_own_ends_all_the_same() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)  # as a client does whose connecting was broken off

    async def play() -> bool:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await hints.ended(task, again_s=0.01)
        return task.cancelled()

    assert asyncio.run(play())
