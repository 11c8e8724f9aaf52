"""The clauses that evidence may serve: read by everybody, written by who proposes policies."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from exercises.domain.errors import Invalid
from exercises.permissions import authorize, may
from exercises.queries.clauses import PARTS, Clause, clause_table
from exercises.services.clauses import LONGEST, MOST, write_clauses
from exercises.web.access import SignedInRequest, signed_in

BLANK_ROWS: Final = 3


class ClauseForm(forms.Form):
    """One row; a row without a source is left out."""

    source = forms.CharField(label="Source", max_length=LONGEST["source"], required=False)
    clause = forms.CharField(label="Clause", max_length=LONGEST["clause"], required=False)
    about = forms.CharField(label="About", max_length=LONGEST["about"], required=False)
    served_by = forms.CharField(
        label="Parts of the pack", max_length=300, required=False, help_text="Parted by commas"
    )

    def read(self) -> Clause:
        sent = self.cleaned_data
        parts = tuple(part.strip() for part in sent["served_by"].split(",") if part.strip())
        return Clause(sent["source"], sent["clause"], sent["about"], parts)


class NoteForm(forms.Form):
    note = forms.CharField(label="Guidance", max_length=LONGEST["note"])
    based_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


_Rows = forms.formset_factory(ClauseForm, extra=BLANK_ROWS, max_num=MOST, absolute_max=MOST + 20)


@signed_in
@require_http_methods(["GET", "POST"])
def clauses(request: SignedInRequest) -> HttpResponse:
    """The table, and for programme leads the form that writes its next version."""
    table, may_write = clause_table(), may(request.actor, "policy.propose")
    if request.method == "POST":
        authorize(request.actor, "policy.propose")
    sent = request.POST if request.method == "POST" else None
    rows: Any = _Rows(
        sent,
        initial=[
            {
                "source": one.source,
                "clause": one.clause,
                "about": one.about,
                "served_by": ", ".join(one.served_by),
            }
            for one in table.clauses
        ],
    )
    form = NoteForm(sent, initial={"note": table.note, "based_on": table.number})
    problems: tuple[tuple[str, str], ...] = ()
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            write_clauses(
                actor=request.actor,
                note=form.cleaned_data["note"],
                clauses=[row.read() for row in rows if row.cleaned_data.get("source", "").strip()],
                based_on=form.cleaned_data["based_on"],
            )
        except Invalid as error:
            problems = error.problems
        else:
            messages.success(request, "The next pack and report have these clauses.")
            return redirect("clauses")
    is_wrong = bool(problems or form.errors or (request.method == "POST" and not rows.is_valid()))
    context = {
        "table": table,
        "form": form,
        "rows": rows,
        "problems": problems,
        "is_wrong": is_wrong,
        "may_write": may_write,
        "parts": PARTS,
    }
    return render(request, "reports/clauses.html", context, status=422 if is_wrong else 200)


urlpatterns = [path("reports/clauses/", clauses, name="clauses")]
