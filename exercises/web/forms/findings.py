"""The form of a finding: its words, how grave it is, who owns it and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from exercises.domain.finding_states import Severity
from exercises.models import Application, Finding, User
from exercises.queries.findings import SEVERITIES, possible_owners


class FindingWords(forms.Form):
    title = forms.CharField(
        label="What was found", max_length=200, min_length=5, help_text="One sentence"
    )
    body = forms.CharField(
        label="What was expected, what happened, what is the cause",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    severity = forms.TypedChoiceField(
        label="Severity",
        choices=SEVERITIES,
        coerce=lambda value: Severity(int(value)),
        initial=Severity.MEDIUM.value,
    )


class FindingForm(FindingWords):
    """Used on the page of a finding."""

    owner = forms.ModelChoiceField(
        label="Owner", queryset=User.objects.none(), required=False, empty_label="Nobody yet"
    )
    due_on = forms.DateField(
        label="Fix due on",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    tracker_url = forms.URLField(
        label="Ticket", max_length=200, required=False, assume_scheme="https"
    )

    def __init__(self, data: Any = None, *, finding: Finding) -> None:
        values = ("title", "body", "severity", "owner", "due_on", "tracker_url")
        super().__init__(data, initial={name: getattr(finding, name) for name in values})
        owners = self.fields["owner"]
        assert isinstance(owners, forms.ModelChoiceField)
        owners.queryset = User.objects.filter(
            pk__in=[user.pk for user in possible_owners(finding)]
        ).order_by("name")


class NewFindingForm(FindingWords):
    """Used in the debrief, for what a person saw and no probe did."""

    application = forms.ModelChoiceField(
        label="Application", queryset=Application.objects.none(), empty_label=None
    )
    failure_family = forms.ChoiceField(
        label="What was injected", help_text="A retest of the same kind can verify the fix"
    )
    field_order = ("application", "failure_family", "title", "body", "severity")

    def __init__(
        self,
        data: Any = None,
        *,
        applications: Sequence[Application],
        families: Sequence[str],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        choice, family = self.fields["application"], self.fields["failure_family"]
        assert isinstance(choice, forms.ModelChoiceField)
        assert isinstance(family, forms.ChoiceField)
        choice.queryset = Application.objects.filter(pk__in=[a.pk for a in applications])
        family.choices = [(name, name.replace("-", " ").capitalize()) for name in families]
