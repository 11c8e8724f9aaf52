"""Attach a file to a finding, and take it away again. Used by the finding's page and the API."""

from __future__ import annotations

import hashlib

from django.db import transaction

from exercises.domain.actors import Actor
from exercises.domain.attachments import FIELD, MOST, clean_name, media_type_of
from exercises.domain.errors import Conflict, Invalid
from exercises.models import AttachedBytes, Attachment, Finding, FindingNote
from exercises.models.due_work import database_now
from exercises.permissions import authorize
from exercises.services.audit import record

MAX_REASON = 300


def attach_file(*, actor: Actor, finding: Finding, name: str, content: bytes) -> Attachment:
    """Keep the file beside the finding. Raises Invalid (file), NotAllowed."""
    authorize(actor, "finding.work", finding)
    called, media_type = clean_name(name), media_type_of(name, content)
    with transaction.atomic():
        Finding.objects.select_for_update(no_key=True).get(pk=finding.pk)
        if AttachedBytes.objects.filter(attachment__finding=finding).count() >= MOST:
            raise Invalid(FIELD, f"a finding keeps at most {MOST}; take one away first")
        attachment = Attachment.objects.create(
            finding=finding,
            name=called,
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            author_id=actor.user_id,
            at=database_now(),
        )
        AttachedBytes.objects.create(attachment=attachment, content=content)
        record(actor, "finding.attach", finding, name=called, sha256=attachment.sha256)
    return attachment


def take_file_away(*, actor: Actor, attachment: Attachment, because: str) -> None:
    """Delete its bytes; what it was, who took it away and why stay in the history.

    Raises Invalid (because), Conflict when its bytes are gone already, NotAllowed.
    """
    finding = attachment.finding
    authorize(actor, "finding.work", finding)
    reason = because.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise Invalid("because", f"1 to {MAX_REASON} characters")
    with transaction.atomic():
        gone, _ = AttachedBytes.objects.filter(pk=attachment.pk).delete()
        if not gone:
            raise Conflict(f"{attachment.name} was taken away already")
        FindingNote.objects.create(
            finding=finding,
            at=database_now(),
            author_id=actor.user_id,
            text=f"{attachment.name} was taken away: {reason}",
        )
        record(
            actor,
            "finding.take_file_away",
            finding,
            name=attachment.name,
            sha256=attachment.sha256,
            because=reason,
        )
