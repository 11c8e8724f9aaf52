"""ASGI entry: `uvicorn chaosplane.asgi:application`."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

from chaosplane.body_limit import limited
from chaosplane.deadline import answered
from chaosplane.tracing import begin_traces

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaosplane.settings")

begin_traces()
_django = get_asgi_application()
# Load every page now: the first visitor should not wait for it, and what does not import
# should end the start instead of a request.
_ = get_resolver().url_patterns

from django.conf import settings  # noqa: E402 - the settings are read by now

from exercises.api.waiting import Waits  # noqa: E402 - and the models
from exercises.stopping.warmth import keep_warm  # noqa: E402

application = limited(answered(Waits(_django)))
keep_warm(Path(settings.CHAOSPLANE_STOP_JOURNAL))
