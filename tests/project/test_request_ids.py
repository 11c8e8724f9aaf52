"""One id follows a request: into its answer, its log lines and the tasks that it wakes."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from celery import Celery
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from chaosplane.logging import JsonLines
from chaosplane.request_ids import IN_MESSAGES, current_request_id, name_requests


def logged() -> Any:
    record = logging.makeLogRecord({"msg": "run.start"})
    return json.loads(JsonLines().format(record))


def ask(sent: str = "") -> tuple[str, Any]:
    """The id that the answer carries, and the line that the view logged."""
    lines = []

    def view(request: Any) -> HttpResponse:
        lines.append(logged())
        return HttpResponse(request.id)

    request = RequestFactory().get("/", headers={"X-Request-Id": sent} if sent else None)
    answer = name_requests(view)(request)
    assert answer.content.decode() == answer["X-Request-Id"]
    return answer["X-Request-Id"], lines[0]


def test_an_id_that_a_proxy_sent_is_taken_on() -> None:
    named, line = ask("from-the-proxy.1")
    assert named == line["request_id"] == "from-the-proxy.1"


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "two words 1", 'a"quote"here', "ünïcödé"])
def test_anything_else_gets_one_of_ours(sent: str) -> None:
    named, line = ask(sent)
    assert named == line["request_id"] != sent
    assert len(named) == 12


def test_after_the_answer_no_line_has_its_id() -> None:
    ask("from-the-proxy.1")
    assert "request_id" not in logged()


def test_every_answer_has_one_under_either_server(
    client: Client, async_client: AsyncClient
) -> None:
    assert len(client.get("/healthz")["X-Request-Id"]) == 12
    assert len(async_to_sync(async_client.get)("/healthz")["X-Request-Id"]) == 12


@pytest.mark.django_db
def test_a_problem_document_names_it(client: Client) -> None:
    answer = client.get("/api/v1/runs/", headers={"X-Request-Id": "of-the-caller"})
    assert answer.status_code == 401
    assert answer.json()["request_id"] == answer["X-Request-Id"] == "of-the-caller"


def test_a_task_carries_on_the_id_of_the_request_that_woke_it() -> None:
    app, seen, sent = Celery("apart", broker="memory://localhost"), [], []

    @app.task(name="apart.look")
    def look() -> None:
        seen.append(current_request_id())

    from celery.signals import before_task_publish

    def note(headers: dict[str, Any], **more: Any) -> None:
        sent.append(headers.get(IN_MESSAGES))

    before_task_publish.connect(note)
    try:
        name_requests(lambda request: HttpResponse(str(look.apply_async())))(
            RequestFactory().get("/", headers={"X-Request-Id": "of-the-caller"})
        )
    finally:
        before_task_publish.disconnect(note)
    assert sent == ["of-the-caller"]
    look.apply(headers={IN_MESSAGES: "of-the-caller"})
    look.apply(task_id="nobodys-request")
    assert seen == ["of-the-caller", "nobodys-request"]
    assert current_request_id() == ""
