"""Traces are there when they are asked for, and OpenTelemetry is not touched otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chaosplane.tracing import begin_traces

NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "DJANGO_SETTINGS_MODULE": "chaosplane.settings",
}
TRACED = """
import json

import django
from django.db import connection
from django.test import Client

django.setup()
from botocore.exceptions import EndpointConnectionError
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chaosplane import celery_app
from chaosplane.request_ids import IN_MESSAGES
from chaosplane.tracing import REQUEST_ID, instrument
from exercises.aws import sessions

seen, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(seen))
instrument(provider)


@celery_app.task(name="look")
def look():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["a value of somebody"])
    sts = sessions._new_client(
        sessions._new_session(), "sts", "eu-central-1", sessions.Purpose.START
    )
    try:
        sts.get_caller_identity()
    except EndpointConnectionError:
        pass


look.apply(headers={IN_MESSAGES: "who-woke-it"})
Client(raise_request_exception=False).get("/calendar/feed/secret.ics")
Client().get("/nowhere/", headers={"X-Request-Id": "from-the-proxy"})
print(json.dumps([[s.name, dict(s.attributes)] for s in seen.get_finished_spans()], default=str))
"""


def test_unless_asked_for_nothing_of_it_is_imported(settings: Any) -> None:
    assert settings.CHAOSPLANE_OTEL is False
    begin_traces()
    # Where it is installed the client of Valkey imports the rest by itself.
    parts = ("opentelemetry.instrumentation", "opentelemetry.exporter")
    assert not [name for name in sys.modules if name.startswith(parts)]


def test_asked_for_and_not_installed_stops_the_start(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAOSPLANE_OTEL = True
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImproperlyConfigured) as caught:
        begin_traces()
    assert str(caught.value) == (
        "CHAOSPLANE_OTEL asks for traces, and opentelemetry.exporter is not installed: install"
        " requirements/otel.lock, or unset it."
    )


def test_spans_of_requests_tasks_sql_and_aws_have_the_id_of_their_request() -> None:
    told = subprocess.run(
        [sys.executable, "-c", TRACED],
        env=os.environ | NOWHERE,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    spans = json.loads(told.stdout.splitlines()[-1])
    named = {(name, about.get("chaosplane.request_id")) for name, about in spans}
    assert named >= {
        ("SELECT", "who-woke-it"),
        ("STS.GetCallerIdentity", "who-woke-it"),
        ("run/look", "who-woke-it"),
        ("GET", "from-the-proxy"),
    }
    assert "somebody" not in told.stdout
    assert "secret.ics" not in told.stdout
