"""The audit log: for auditors and leadership, with its chain checked on demand and as CSV."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from exercises.models import AuditEntry
from exercises.permissions import authorize
from exercises.queries import audit_log
from exercises.queries.audit_log import AuditFilter, Names
from exercises.services.audit_verification import verify
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.csv_text import csv_lines

PAGE_SIZE: Final = 50
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class FilterForm(forms.Form):
    """What the address asks for; a field that makes no sense is named beside it."""

    who = forms.CharField(required=False, max_length=audit_log.LONGEST)
    action = forms.CharField(required=False, max_length=audit_log.LONGEST)
    object_type = forms.CharField(required=False, max_length=audit_log.LONGEST)
    object_id = forms.CharField(required=False, max_length=audit_log.LONGEST)
    since = forms.DateTimeField(required=False)
    until = forms.DateTimeField(required=False)

    def wanted(self) -> AuditFilter:
        """The filter; times are UTC."""
        sent: dict[str, Any] = self.cleaned_data
        return AuditFilter(**{name: sent.get(name) or _NOTHING[name] for name in _NOTHING})


_NOTHING: Final[dict[str, Any]] = {
    "who": "", "action": "", "object_type": "", "object_id": "", "since": None, "until": None,
}  # fmt: skip


@signed_in
@require_GET
def audit(request: SignedInRequest) -> HttpResponse:
    """The table, newest first."""
    authorize(request.actor, "audit.read")
    form = FilterForm(request.GET)
    wanted = form.wanted() if form.is_valid() else AuditFilter()
    page = Paginator(audit_log.entries(wanted), PAGE_SIZE).get_page(request.GET.get("page"))
    names = Names(page)
    context = {
        "form": form,
        "page": page,
        "rows": [(entry, names.of(entry.actor_name), _details(entry, names)) for entry in page],
        "is_narrowed": wanted != AuditFilter(),
        "types": audit_log.object_types(),
        "actions": audit_log.actions(),
        "query": urlencode({name: request.GET.get(name, "") for name in _NOTHING}),
    }
    return render(request, "audit/page.html", context, status=422 if form.errors else 200)


def _details(entry: AuditEntry, names: Names) -> list[tuple[str, str]]:
    found = names.details(entry).items()
    return [(name, _short(value)) for name, value in found if value not in ("", [])]


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    longest = 16 if _HASH.fullmatch(text) else 80
    return text if len(text) <= longest else f"{text[:longest]}…"


@signed_in
@require_POST
def audit_check(request: SignedInRequest) -> HttpResponse:
    """Walk the whole chain now, and say whether it is whole."""
    authorize(request.actor, "audit.read")
    report = verify()
    if report.broken_at is None:
        messages.success(
            request,
            f"The chain is whole: {report.head.seq:,} entries, last hash {report.head.hash[:16]}…",
        )
    else:
        messages.error(
            request,
            f"The chain is broken at entry {report.broken_at:,}: it does not fit the one before.",
        )
    return redirect("audit")


@signed_in
@require_GET
def audit_export(request: SignedInRequest) -> StreamingHttpResponse | HttpResponse:
    """The same entries as a CSV file, oldest first, streamed."""
    authorize(request.actor, "audit.read")
    form = FilterForm(request.GET)
    if not form.is_valid():
        return redirect("audit")
    rows = ([_plain(value) for value in line] for line in audit_log.lines(form.wanted()))
    answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="chaosplane-audit.csv"'
    return answer


def _plain(value: object) -> object:
    """What a cell of the file says: times in UTC, details as JSON."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


urlpatterns = [
    path("audit/", audit, name="audit"),
    path("audit/check/", audit_check, name="audit_check"),
    path("audit/export/", audit_export, name="audit_export"),
]
