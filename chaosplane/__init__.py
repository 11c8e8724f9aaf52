"""The Django project: how the product is configured, started and supervised."""

from __future__ import annotations

# `celery -A chaosplane` and Django's shared tasks both look for the application here.
from chaosplane.celery import app as celery_app

__all__ = ["celery_app"]
