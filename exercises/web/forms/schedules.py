"""Setting up a schedule: reads what was typed; the rules are those of domain and services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms

from exercises.domain.errors import Invalid
from exercises.domain.recurrence_rule import WEEKDAYS
from exercises.domain.schedule_patterns import NAMES, NTH, Pattern, pattern_of, rrule_of
from exercises.models import AccountRegion, Programme, Schedule, User
from exercises.queries.schedule_rules import rule_of
from exercises.services.schedules import MAX_HORIZON_DAYS, Times
from exercises.web.forms.freezes import known_zone

KINDS = (
    ("weekday", "Each month on a weekday, such as the second Wednesday"),
    ("date", "Each month on a date"),
    ("last_day", "Each month on its last day"),
    ("weekly", "Every week or every few weeks"),
    ("rrule", "A rule of RFC 5545, for experts"),
)
SHORT = (("", "Say what then"), ("skip", "Skip that month"), ("last_day", "Take its last day"))


class ScheduleForm(forms.Form):
    """One choice of how it repeats, a first day, a time and a place."""

    programme = forms.ModelChoiceField(
        Programme.objects.none(), required=False, empty_label="A new one, named beside"
    )
    new_programme = forms.CharField(
        max_length=120, required=False, label="Name of the new programme"
    )
    lead = forms.ModelChoiceField(User.objects.none(), required=False, label="Its lead")
    safety_officer = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Its safety officer"
    )
    kind = forms.ChoiceField(
        choices=KINDS, initial="weekday", widget=forms.RadioSelect, label="Repeats"
    )
    nth = forms.TypedChoiceField(
        choices=[(n, word.capitalize()) for n, word in NTH.items()],
        coerce=int, initial=2, required=False, label="Which",
    )  # fmt: skip
    weekday = forms.ChoiceField(
        choices=list(zip(WEEKDAYS, NAMES, strict=True)), initial="WE", required=False
    )
    weeks = forms.IntegerField(
        min_value=1, max_value=52, initial=1, required=False, label="Every how many weeks"
    )
    day = forms.IntegerField(
        min_value=1, max_value=31, initial=15, required=False, label="Day of the month"
    )
    short_months = forms.ChoiceField(
        choices=SHORT, required=False, label="If a month has no such day"
    )
    rrule = forms.CharField(
        max_length=200,
        required=False,
        label="Rule",
        help_text="DAILY to YEARLY, for instance FREQ=MONTHLY;INTERVAL=3;BYDAY=1TU",
    )
    first_day = forms.DateField(
        label="From", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    starts = forms.TimeField(
        label="At", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    minutes = forms.IntegerField(
        min_value=1, max_value=24 * 60, initial=150, label="Lasts, minutes"
    )
    timezone = forms.CharField(max_length=64, label="Time zone", initial="Europe/Berlin")
    region = forms.ChoiceField(label="AWS Region")
    az = forms.CharField(max_length=32, required=False, label="Availability Zone")
    horizon_days = forms.IntegerField(
        min_value=1, max_value=MAX_HORIZON_DAYS, initial=60, label="Made how many days ahead"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = sorted(set(AccountRegion.objects.values_list("region", flat=True)))
        people = User.objects.filter(is_active=True).order_by("name")
        fields: dict[str, Any] = self.fields
        fields["region"].choices = [(region, region) for region in regions]
        fields["programme"].queryset = Programme.objects.order_by("name")
        fields["lead"].queryset = people
        fields["safety_officer"].queryset = people.filter(organisation_roles__role="safety_officer")

    def clean_timezone(self) -> str:
        return known_zone(self.cleaned_data["timezone"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            data["rule"] = rrule_of(self._pattern(data))
        except Invalid as error:
            for field, problem in error.problems:
                self.add_error(field if field in self.fields else None, problem)
        return data

    def _pattern(self, data: dict[str, Any]) -> Pattern:
        return Pattern(
            kind=data.get("kind", ""),
            nth=data.get("nth") or 0,
            weekday=data.get("weekday") or "",
            day=data.get("day") or 0,
            short_months=data.get("short_months") or "",
            weeks=data.get("weeks") or 0,
            rrule=data.get("rrule") or "",
        )

    def needs_programme(self) -> None:
        """A new schedule belongs to a programme: one that is there, or a new one."""
        data = self.cleaned_data
        if data.get("programme"):
            return
        for name in ("new_programme", "lead", "safety_officer"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "Needed for a new programme, or choose one that is there.")

    def times(self) -> Times:
        """What the services take; only after is_valid()."""
        data = self.cleaned_data
        return Times(
            rrule=data["rule"],
            timezone=data["timezone"],
            local_start=datetime.combine(data["first_day"], data["starts"]),
            duration_s=data["minutes"] * 60,
            region=data["region"],
            az=data["az"],
            horizon_days=data["horizon_days"],
        )


FIELD_OF = {"local_start": "first_day", "duration": "minutes", "name": "new_programme"}


def typed_of(schedule: Schedule) -> dict[str, Any]:
    """The form of a schedule that is there."""
    rule, pattern = rule_of(schedule), pattern_of(schedule.rrule)
    return {
        "kind": pattern.kind,
        "nth": pattern.nth,
        "weekday": pattern.weekday,
        "weeks": pattern.weeks,
        "day": pattern.day,
        "short_months": pattern.short_months,
        "rrule": schedule.rrule,
        "first_day": rule.local_start.date(),
        "starts": rule.local_start.time(),
        "minutes": timedelta(seconds=schedule.duration_s) // timedelta(minutes=1),
        "timezone": schedule.timezone,
        "region": schedule.region,
        "az": schedule.az,
        "horizon_days": schedule.horizon_days,
        "programme": schedule.programme_id,
    }
