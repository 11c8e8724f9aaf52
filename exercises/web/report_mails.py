"""Reports by mail: who gets which and when, how the last ones arrived, and the way out."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from exercises.domain.errors import Invalid
from exercises.domain.report_rhythm import COVERS, LAST_DAY, WEEKDAYS
from exercises.models import ReportSubscription, User
from exercises.permissions import may
from exercises.queries.organisation_day import organisation_zone
from exercises.queries.report_mails import LATEST, deliveries_of_reports, subscriptions_of
from exercises.services.report_mails import MOST_RECIPIENTS, subscribe, unsubscribe
from exercises.web.access import SignedInRequest, signed_in
from exercises.web.forms.setup import add_problems

RHYTHMS: Final = (
    *((f"w{number}", f"Every {name}") for number, name in enumerate(WEEKDAYS)),
    *((f"d{day}", f"On day {day} of every month") for day in range(1, LAST_DAY + 1)),
)


class MailForm(forms.Form):
    """A weekday or a day of the month, in a zone."""

    covers = forms.ChoiceField(label="Covers", choices=COVERS)
    weekday = forms.ChoiceField(label="When", choices=RHYTHMS)
    at = forms.TimeField(label="At", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    timezone = forms.CharField(
        label="Time zone", max_length=64, help_text="An IANA name such as Europe/Berlin"
    )
    recipients = forms.CharField(
        label="To",
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"E-mail addresses of people who can sign in, a line each, {MOST_RECIPIENTS}"
        " at most",
    )

    def __init__(self, data: Any, *, user: User, sends_to_others: bool) -> None:
        initial = {"at": "08:00", "timezone": organisation_zone().key, "recipients": user.email}
        super().__init__(data, initial=initial)
        if not sends_to_others:
            del self.fields["recipients"]

    def clean_recipients(self) -> list[User]:
        sent = self.cleaned_data["recipients"].replace(",", "\n").replace(";", "\n").split("\n")
        wanted = {address.strip().lower() for address in sent if address.strip()}
        found = {user.email.lower(): user for user in User.objects.filter(email__in=wanted)}
        if unknown := sorted(wanted - found.keys()):
            raise forms.ValidationError(f"nobody is known as {', '.join(unknown[:5])}")
        return list(found.values())

    def rhythm(self) -> dict[str, int | None]:
        kind, number = self.cleaned_data["weekday"][0], int(self.cleaned_data["weekday"][1:])
        return {
            "weekday": number if kind == "w" else None,
            "day": number if kind == "d" else None,
        }


@signed_in
@require_http_methods(["GET", "POST"])
def report_mails(request: SignedInRequest) -> HttpResponse:
    sends_to_others = may(request.actor, "report.mail_others")
    person = User.objects.get(pk=request.actor.person_id)
    sent = request.POST if request.method == "POST" else None
    form = MailForm(sent, user=person, sends_to_others=sends_to_others)
    if request.method == "POST" and form.is_valid():
        try:
            row = subscribe(
                actor=request.actor,
                covers=form.cleaned_data["covers"],
                at=form.cleaned_data["at"],
                timezone=form.cleaned_data["timezone"],
                recipients=form.cleaned_data.get("recipients", [person]),
                **form.rhythm(),
            )
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, f"The report leaves {row.rhythm.words}.")
            return redirect("report_mails")
    context = {
        "form": form,
        "rows": [
            (row, row.owner_id == person.pk or sends_to_others)
            for row in subscriptions_of(request.actor)
        ],
        "deliveries": deliveries_of_reports(request.actor)[:LATEST],
        "zone": organisation_zone().key,
    }
    return render(request, "reports/mails.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def report_mail_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End it for everybody, or leave it."""
    row = ReportSubscription.objects.filter(pk=pk).first()
    if row is None:
        raise Http404("no such mail")
    unsubscribe(actor=request.actor, subscription=row)
    messages.success(request, "You get no more of these mails.")
    return redirect("report_mails")


urlpatterns = [
    path("reports/mails/", report_mails, name="report_mails"),
    path("reports/mails/<int:pk>/end/", report_mail_end, name="report_mail_end"),
]
