"""The words of a report: headline and decisions asked for."""

from __future__ import annotations

from typing import Any

from django import forms

from exercises.models import ReportBrief
from exercises.services.reports import MAX_DECISIONS, MAX_DETAIL, MAX_HEADLINE, MAX_TITLE, Ask


class BriefForm(forms.Form):
    """One row for each decision that may be asked for; empty rows are left out."""

    headline = forms.CharField(
        label="Headline",
        max_length=MAX_HEADLINE,
        required=False,
        help_text="Left empty, the numbers write it",
    )
    decide_by = forms.DateField(
        label="Decide by",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    based_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, brief: ReportBrief | None) -> None:
        asked = brief.decisions if brief else []
        initial: dict[str, Any] = {
            "headline": brief.headline if brief else "",
            "decide_by": brief.decide_by if brief else None,
            "based_on": brief.number if brief else 0,
        }
        for number, ask in enumerate(asked):
            initial[f"title_{number}"] = ask["title"]
            initial[f"detail_{number}"] = ask["detail"]
        super().__init__(data, initial=initial)
        for number in range(MAX_DECISIONS):
            self.fields[f"title_{number}"] = forms.CharField(
                label=f"Decision {number + 1}", max_length=MAX_TITLE, required=False
            )
            self.fields[f"detail_{number}"] = forms.CharField(
                label="What it would change", max_length=MAX_DETAIL, required=False
            )

    @property
    def decision_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"title_{n}"], self[f"detail_{n}"]) for n in range(MAX_DECISIONS)]

    def asked(self) -> list[Ask]:
        """In the order of the rows, empty ones included, so that problems keep their row."""
        values = self.cleaned_data
        rows = [
            Ask(values.get(f"title_{n}", ""), values.get(f"detail_{n}", ""))
            for n in range(MAX_DECISIONS)
        ]
        return [row for row in rows if row.title or row.detail]
