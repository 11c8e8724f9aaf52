"""Declaring freezes and reading them from calendars: what was typed, not what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from exercises.domain.actors import Actor
from exercises.domain.capacities import TeamRole
from exercises.domain.freezes import FreezeScope
from exercises.domain.times import is_zone
from exercises.models import CloudAccount, FreezeWindow, Team
from exercises.models.accounts import ENVIRONMENTS
from exercises.permissions import may
from exercises.services.freezes import MAX_REASON, Scope

LOCAL = "%Y-%m-%dT%H:%M"


def local_moment(**kwargs: Any) -> forms.DateTimeField:
    """A local time; the zone stands in another field."""
    widget = forms.DateTimeInput(format=LOCAL, attrs={"type": "datetime-local"})
    return forms.DateTimeField(widget=widget, input_formats=[LOCAL, f"{LOCAL}:%S"], **kwargs)


class ScopeFields(forms.Form):
    """Whom it concerns: what is left empty means all of it."""

    environments = forms.MultipleChoiceField(
        choices=ENVIRONMENTS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: every environment",
    )
    teams = forms.ModelMultipleChoiceField(Team.objects.none(), required=False)
    accounts = forms.ModelMultipleChoiceField(
        CloudAccount.objects.none(), required=False, label="AWS accounts"
    )

    def offer(self, actor: Actor) -> None:
        """Owners choose among their teams, and have to; the others among all."""
        self.fields["accounts"].queryset = CloudAccount.objects.order_by("name")  # type: ignore[attr-defined]
        teams = Team.objects.order_by("name")
        hint = "None chosen: every team"
        if not may(actor, "freeze.declare", FreezeScope(frozenset())):
            owned = [t for t, role in actor.team_roles.items() if role == TeamRole.OWNER.value]
            teams = teams.filter(pk__in=owned)
            self.fields["teams"].required = True
            hint = "The teams you own"
        self.fields["teams"].queryset = teams  # type: ignore[attr-defined]
        self.fields["teams"].help_text = hint
        self.fields["accounts"].help_text = "None chosen: every account"

    def scope(self) -> Scope:
        data = self.cleaned_data
        return Scope(data["environments"], list(data["accounts"]), list(data["teams"]))


class FreezeForm(ScopeFields):
    name = forms.CharField(max_length=120, help_text="For instance Commerce peak")
    reason = forms.CharField(
        required=False, max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )
    starts_at = local_moment(label="From")
    ends_at = local_moment(label="Until", help_text="The first moment at which things may start")
    timezone = forms.CharField(max_length=64, label="Time zone", initial="Europe/Berlin")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(actor)

    def clean_timezone(self) -> str:
        return known_zone(self.cleaned_data["timezone"])

    def values(self) -> dict[str, Any]:
        """What `declare_freeze` takes; only after is_valid()."""
        data = self.cleaned_data
        zone = ZoneInfo(data["timezone"])
        return {
            "name": data["name"],
            "reason": data["reason"],
            "starts_at": _instant(data["starts_at"], zone),
            "ends_at": _instant(data["ends_at"], zone),
            "scope": self.scope(),
        }


def typed_of(freeze: FreezeWindow, timezone: str) -> dict[str, Any]:
    """The form of a freeze that is there."""
    zone = ZoneInfo(timezone)
    return {
        "name": freeze.name,
        "reason": freeze.reason,
        "starts_at": freeze.starts_at.astimezone(zone).replace(tzinfo=None),
        "ends_at": freeze.ends_at.astimezone(zone).replace(tzinfo=None),
        "timezone": timezone,
        "environments": freeze.environments,
        "accounts": list(freeze.accounts.all()),
        "teams": list(freeze.teams.all()),
    }


class SourceForm(ScopeFields):
    """A calendar on the web and whom its freezes concern."""

    name = forms.CharField(max_length=120, help_text="For instance Change calendar")
    url = forms.CharField(
        max_length=1000,
        label="Address",
        help_text="https, on the public internet; it is read every hour",
    )
    timezone = forms.CharField(
        max_length=64,
        label="Time zone",
        initial="Europe/Berlin",
        help_text="For whole days, and times without a zone",
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(actor)

    def clean_timezone(self) -> str:
        return known_zone(self.cleaned_data["timezone"])

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "name": data["name"],
            "url": data["url"],
            "timezone": data["timezone"],
            "environments": data["environments"],
            "accounts": list(data["accounts"]),
            "teams": list(data["teams"]),
        }


class ExceptionForm(forms.Form):
    reason = forms.CharField(
        max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 2}), label="Why"
    )
    hours = forms.IntegerField(
        min_value=1, max_value=14 * 24, initial=24, label="For how many hours"
    )

    def valid_until(self, now: datetime) -> datetime:
        return now + timedelta(hours=self.cleaned_data["hours"], seconds=-1)


def known_zone(typed: str) -> str:
    name = typed.strip()
    if not is_zone(name):
        raise forms.ValidationError(
            "There is no time zone of this name; write one such as Europe/Berlin."
        )
    return name


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone).astimezone(UTC)
