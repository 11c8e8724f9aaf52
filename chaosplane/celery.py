"""Celery's application: the one beat entry that makes workers look at what is due.

Start with `celery -A chaosplane worker` and `celery -A chaosplane beat`.
"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chaosplane.settings")

# Imported after the line above, which says what these settings are.
from django.conf import settings  # noqa: E402

app = Celery("chaosplane")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "tick": {
        "task": "exercises.tick",
        "schedule": settings.CHAOSPLANE_TICK_S,
        # Ticks that nobody took while workers were away say nothing new: let them lapse.
        "options": {"expires": 10},
    }
}
