"""What is attached to findings, for the page, the API and the evidence pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Exists, OuterRef, QuerySet

from exercises.models import AttachedBytes, Attachment, Finding


def attachments_of(finding: Finding) -> QuerySet[Attachment]:
    """Each file with `is_held`: whether its bytes are still here."""
    held = AttachedBytes.objects.filter(attachment=OuterRef("pk"))
    return (
        Attachment.objects.filter(finding=finding)
        .select_related("author")
        .annotate(is_held=Exists(held))
    )


def bytes_of(attachment: Attachment) -> bytes | None:
    """The file; None when it was taken away."""
    held = AttachedBytes.objects.filter(attachment=attachment).first()
    return bytes(held.content) if held else None


def attached_files(findings: Iterable[Finding]) -> Iterator[tuple[str, bytes]]:
    """Every file that is still here, by its name in the pack."""
    rows = AttachedBytes.objects.filter(attachment__finding__in=list(findings))
    for row in rows.select_related("attachment__finding").order_by("pk").iterator(chunk_size=10):
        attachment = row.attachment
        name = f"attachments/{attachment.finding.code}/{attachment.pk}-{attachment.name}"
        yield name, bytes(row.content)
