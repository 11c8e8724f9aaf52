"""The demo's mail: what would have left the house, as a page, because nothing does.

Django's file backend writes a file a connection, with a line of dashes after each mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from exercises.models import User
from exercises.services.channels import mail_channel_of
from exercises.web.access import SignedInRequest, signed_in

SHOWN: Final = 30
_MOST_FILES: Final = 500
_AFTER_EACH: Final = "-" * 79


@dataclass(frozen=True)
class Mail:
    subject: str
    at: datetime
    text: str


@signed_in
@require_GET
def outbox(request: SignedInRequest) -> HttpResponse:
    """The newest mails to this person. Outside the demo there is no such page."""
    if not settings.CHAOSPLANE_DEMO or settings.CHAOSPLANE_MAIL_URL:
        raise Http404("mails are sent here")
    user = User.objects.get(pk=request.actor.person_id)
    address = mail_channel_of(user).address or user.email
    found = [
        Mail(str(mail["Subject"]), _sent_at(mail), _text(mail))
        for mail in mails_in(Path(settings.EMAIL_FILE_PATH))
        if mail["To"] == address
    ]
    found.sort(key=lambda mail: mail.at, reverse=True)
    return render(request, "notifications/outbox.html", {"mails": found[:SHOWN]})


def mails_in(folder: Path) -> Iterator[EmailMessage]:
    """The mails of the newest files."""
    files = sorted(folder.glob("*.log"), reverse=True) if folder.is_dir() else []
    for file in files[:_MOST_FILES]:
        for raw in file.read_text(encoding="utf-8").split(f"\n{_AFTER_EACH}\n"):
            if raw.strip():
                yield message_from_string(raw.lstrip("\n"), policy=default)


def _sent_at(mail: EmailMessage) -> datetime:
    """Django writes -0000: UTC, from a sender that does not say where it is (RFC 5322)."""
    return parsedate_to_datetime(str(mail["Date"])).replace(tzinfo=UTC)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()).strip() if body else ""


urlpatterns = [path("settings/notifications/mails/", outbox, name="outbox")]
