"""Files of a finding: attach one, read it, take it away."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from exercises.domain.attachments import FIELD, MAX_BYTES
from exercises.domain.errors import Conflict, Invalid
from exercises.models import Attachment
from exercises.permissions import may
from exercises.queries.attachments import attachments_of, bytes_of
from exercises.services.attachments import attach_file, take_file_away
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.findings import find_finding, finding_page


@signed_in
@require_POST
def finding_attach(request: SignedInRequest, number: int) -> HttpResponse:
    finding = find_finding(request.actor, number)
    sent = request.FILES.get(FIELD)
    if sent is None:
        return finding_page(request, number, Invalid(FIELD, "choose one"))
    try:
        # One byte more than is taken is enough to refuse it.
        content = sent.read(MAX_BYTES + 1)
        kept = attach_file(
            actor=request.actor, finding=finding, name=sent.name or "", content=content
        )
    except Invalid as error:
        return finding_page(request, number, error)
    messages.success(request, f"{kept.name} is attached.")
    return redirect("finding_detail", number=number)


@signed_in
@require_GET
def finding_file(request: SignedInRequest, number: int, file: int) -> HttpResponse:
    """The bytes as they were; a browser is told to keep them, never to run them."""
    return _download(_find(request, number, file))


@signed_in
@require_POST
def finding_file_away(request: SignedInRequest, number: int, file: int) -> HttpResponse:
    attachment = _find(request, number, file)
    try:
        take_file_away(
            actor=request.actor, attachment=attachment, because=request.POST.get("because", "")
        )
    except Invalid as error:
        return finding_page(request, number, error)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{attachment.name} is gone.")
    return redirect("finding_detail", number=number)


def _download(attachment: Attachment) -> HttpResponse:
    content = bytes_of(attachment)
    if content is None:
        raise Http404("it was taken away")
    return HttpResponse(
        content,
        content_type=attachment.media_type,
        headers={
            "Content-Disposition": str(content_disposition_header(True, attachment.name)),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        },
    )


def _find(request: SignedInRequest, number: int, file: int) -> Attachment:
    finding = find_finding(request.actor, number)
    found = attachments_of(finding).filter(pk=file).first()
    if found is None or not may(request.actor, "finding.trace", finding):
        raise Http404("no such file")
    return found


urlpatterns = [
    path("findings/F-<int:number>/attach/", finding_attach, name="finding_attach"),
    path("findings/F-<int:number>/files/<int:file>/", finding_file, name="finding_file"),
    path(
        "findings/F-<int:number>/files/<int:file>/take-away/",
        finding_file_away,
        name="finding_file_away",
    ),
]
