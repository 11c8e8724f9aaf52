"""What every page knows: who is here, what is live, what waits for them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from exercises.models.due_work import database_now
from exercises.queries.inbox import waiting_count
from exercises.queries.live_strip import live_strip
from exercises.queries.notices import unread_count
from exercises.queries.watching import open_recovery
from exercises.web.navigation import navigation, tabs


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor for base.html."""
    actor = getattr(request, "actor", None)
    banner = ""
    if settings.CHAOSPLANE_DEMO:
        speed = settings.CHAOSPLANE_TIME_SPEED
        banner = f"Simulated AWS: time runs {speed:g} times faster than on your clock."
    if actor is None:
        return {"actor": None, "demo_banner": banner}
    now = database_now()
    waiting = waiting_count(actor, now=now)
    return {
        "actor": actor,
        "nav": navigation(request, actor, approvals_waiting=waiting),
        "page_tabs": tabs(request, actor),
        "approvals_waiting": waiting,
        "notices_unread": unread_count(actor),
        "live_strip": live_strip(actor, now),
        "demo_banner": banner,
        "is_restored": open_recovery() is not None,
    }
