"""Registering applications and accounts: reads what was typed; the rules are the services'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.text import slugify

from exercises.domain.errors import Invalid
from exercises.models import AccountRegion, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.services.accounts import RegionSettings
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
    architecture_tags = forms.CharField(
        required=False,
        label="Architecture",
        max_length=1000,
        help_text="What it is built of, parted by commas: multi-az, eks, aurora. "
        "A finding asks who is built alike",
    )
    slo_percent = forms.FloatField(
        required=False, label="Availability objective, %", help_text="For instance 99.9"
    )
    rto_s = forms.IntegerField(required=False, label="Back within, seconds", help_text="RTO")
    rpo_s = forms.IntegerField(required=False, label="Data lost at most, seconds", help_text="RPO")

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def clean_architecture_tags(self) -> list[str]:
        return str(self.cleaned_data["architecture_tags"]).split(",")

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

    def clean_regions(self) -> dict[str, RegionSettings]:
        """Each Region with its zones; the rest of it is set when the account is there."""
        found: dict[str, RegionSettings] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["regions"].splitlines())):
            region, _, zones = line.partition(":")
            found[region.strip()] = RegionSettings(_zones(zones))
        return found


class ApplicationChangeForm(ApplicationForm):
    """What of an application can be changed; its objectives have a page of their own."""

    slug = slo_percent = rto_s = rpo_s = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data


class AccountChangeForm(AccountForm):
    """What of an account can be changed. Its id is what it is."""

    account_id = None  # type: ignore[assignment]
    regions = forms.CharField(
        required=False,
        label="Further Regions, one a line",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="With its Availability Zones: eu-west-1: eu-west-1a, eu-west-1b",
    )


class RegionForm(forms.Form):
    """One Region of an account; the prefix is its name."""

    az_ids = forms.CharField(
        required=False,
        label="Availability Zones",
        help_text="With their ids where known: eu-central-1a=euc1-az2, eu-central-1b",
    )
    heartbeat_alarm_arn = forms.CharField(
        required=False,
        label="Heartbeat alarm",
        help_text="Stops what runs here when chaosplane itself falls silent",
    )
    event_queue_url = forms.CharField(
        required=False,
        label="Queue of state changes",
        help_text="Where EventBridge sends what FIS says; without it changes show a little later",
    )

    def clean_az_ids(self) -> dict[str, str]:
        return _zones(self.cleaned_data["az_ids"])

    def settings(self) -> RegionSettings:
        return RegionSettings(**self.cleaned_data)


def region_form(place: AccountRegion, data: Any = None) -> RegionForm:
    """The form of a Region as it is set now."""
    pairs = (f"{name}={zone}" if zone else name for name, zone in place.az_ids.items())
    now = {
        "az_ids": ", ".join(pairs),
        "heartbeat_alarm_arn": place.heartbeat_alarm_arn,
        "event_queue_url": place.event_queue_url,
    }
    return RegionForm(data, prefix=place.region, initial=now)


def _zones(text: str) -> dict[str, str]:
    """Zones parted by commas; one may be followed by its id: eu-central-1a=euc1-az2."""
    pairs = (zone.partition("=") for zone in text.split(",") if zone.strip())
    return {name.strip(): zone_id.strip() for name, _, zone_id in pairs}


def add_problems(form: forms.Form, error: Invalid, names: Mapping[str, str] | None = None) -> None:
    """What the service refused, at the control that it is about. `names` are those of the
    controls where they are not the service's; what has no control keeps its name in words."""
    for field, problems in form_errors(error).items():
        name = (names or {}).get(field, field).partition("[")[0]  # regions[eu-central-1].az_ids
        if name in form.fields:
            form.add_error(name, problems)
        else:
            form.add_error(None, [f"{field}: {problem}" for problem in problems])


def add_region_problems(forms_: Mapping[str, RegionForm], error: Invalid) -> Invalid | None:
    """Put what is about a Region at its form; returns what is about the account, if any."""
    rest = []
    for field, text in error.problems:
        match = re.fullmatch(r"regions\[(.+)\]\.(\w+)", field)
        if match and match[1] in forms_:
            forms_[match[1]].add_error(match[2], text)
        else:
            rest.append((field, text))
    return Invalid.of(rest) if rest else None
