"""Registering applications and accounts: reads what was typed; the rules are the services'."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.text import slugify

from exercises.domain.errors import Invalid
from exercises.models import Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.services.applications import TIERS
from exercises.web.errors import form_errors


class ApplicationForm(forms.Form):
    """What is exercised, and whose it is."""

    name = forms.CharField(max_length=120)
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    tier = forms.TypedChoiceField(
        choices=[(tier, f"Tier {tier}") for tier in TIERS],
        coerce=int,
        initial=2,
        help_text="1: vehicles or customers notice within minutes",
    )
    slug = forms.CharField(
        required=False,
        label="Short name",
        help_text="Part of the address; made from the name when empty",
    )
    runbook_url = forms.CharField(required=False, label="Runbook")
    dashboard_url = forms.CharField(required=False, label="Dashboard")
    slo_percent = forms.FloatField(
        required=False, label="Availability objective, %", help_text="For instance 99.9"
    )
    rto_s = forms.IntegerField(required=False, label="Back within, seconds", help_text="RTO")
    rpo_s = forms.IntegerField(required=False, label="Data lost at most, seconds", help_text="RPO")

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("slug") and data.get("name"):
            data["slug"] = slugify(data["name"])[:50]
        return data


class AccountForm(forms.Form):
    """An AWS account, a role for each purpose, and the Regions to use."""

    name = forms.CharField(max_length=64, help_text="As people call it, for instance shop-prod")
    account_id = forms.CharField(label="Account id", help_text="12 digits")
    environment = forms.ChoiceField(choices=ENVIRONMENTS)
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="No team")
    read_role_arn = forms.CharField(label="Role to read")
    start_role_arn = forms.CharField(label="Role to start")
    stop_role_arn = forms.CharField(label="Role to stop")
    fis_role_arn = forms.CharField(
        label="Role of FIS", help_text="The role that FIS itself takes on in an experiment"
    )
    regions = forms.CharField(
        label="One Region a line",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="With its Availability Zones: eu-central-1: eu-central-1a, eu-central-1b",
    )

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def clean_regions(self) -> dict[str, dict[str, str]]:
        """Each Region with its zones; a zone may be followed by its id: eu-central-1a=euc1-az2."""
        found: dict[str, dict[str, str]] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["regions"].splitlines())):
            region, _, zones = line.partition(":")
            pairs = (zone.partition("=") for zone in zones.split(",") if zone.strip())
            found[region.strip()] = {name.strip(): zone_id.strip() for name, _, zone_id in pairs}
        return found


def add_problems(form: forms.Form, error: Invalid) -> None:
    """What the service refused, at the control that it is about."""
    for field, problems in form_errors(error).items():
        form.add_error(field if field in form.fields else None, problems)
