"""Celery's application; settings.py holds its configuration and its one beat entry.

Start with `celery -A chaosplane worker` and `celery -A chaosplane beat`.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaosplane.settings")

app = Celery("chaosplane")
# Read when first needed: importing this package must not need a configured environment.
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _begin_traces(**signal: object) -> None:
    from chaosplane.tracing import begin_traces

    begin_traces()
