"""Traces for OpenTelemetry, when CHAOSPLANE_OTEL asks for them: requests, tasks, SQL, AWS calls.

asgi.py, wsgi.py and celery.py begin it once in their process; nothing of OpenTelemetry is
imported otherwise. Where spans go is said by OpenTelemetry's own variables.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chaosplane.request_ids import current_request_id

REQUEST_ID = "chaosplane.request_id"
AFTER = "chaosplane.health.answer_health"
"""The middleware behind which a span begins: its id is known, and who asks for health has none."""
UNTRACED = "/calendar/feed/"
"""Addresses that are secrets."""


def begin_traces(**signal: Any) -> None:
    """Nothing unless asked for; what is asked for and is not installed stops the start."""
    if not settings.CHAOSPLANE_OTEL:
        return
    try:
        provider = _exporting()
        instrument(provider)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"CHAOSPLANE_OTEL asks for traces, and {error.name} is not installed: install"
            " requirements/otel.lock, or unset it."
        ) from error


def instrument(provider: Any) -> None:
    """Have this provider told of everything, each span with the id of its request."""
    from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.sdk.trace import Span, SpanProcessor

    class RequestIds(SpanProcessor):
        def on_start(self, span: Span, parent_context: Any = None) -> None:
            if named := current_request_id():
                span.set_attribute(REQUEST_ID, named)

    provider.add_span_processor(RequestIds())
    DjangoInstrumentor().instrument(
        tracer_provider=provider,
        excluded_urls=UNTRACED,
        middleware_position=settings.MIDDLEWARE.index(AFTER) + 1,
    )
    CeleryInstrumentor().instrument(tracer_provider=provider)  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().instrument(tracer_provider=provider)
    BotocoreInstrumentor().instrument(tracer_provider=provider)  # type: ignore[no-untyped-call]


def _exporting() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", "chaosplane")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
