"""Planning an exercise: reads what was typed; the rules are those of services.exercises."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.text import slugify

from exercises.domain.places import is_zone_of
from exercises.domain.times import is_zone
from exercises.models import AccountRegion, Exercise, User


class ExerciseForm(forms.Form):
    """A window on one day, in the zone in which people will read the clock."""

    name = forms.CharField(max_length=120, help_text="For instance Cloud ITEE December 2026")
    slug = forms.SlugField(
        max_length=60,
        required=False,
        label="Short name",
        help_text="Part of the address; made from the name when empty",
    )
    goal = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you want to know afterwards",
    )
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    starts = forms.TimeField(label="From", widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.TimeField(label="Until", widget=forms.TimeInput(attrs={"type": "time"}))
    timezone = forms.CharField(max_length=64, label="Time zone")
    region = forms.ChoiceField(label="AWS Region")
    az = forms.CharField(
        max_length=32,
        required=False,
        label="Availability Zone",
        help_text="If the exercise has one. By its id, euc1-az2, it is the same zone in every "
        "account; a name, eu-central-1a, is another one in another account",
    )
    lead = forms.ModelChoiceField(User.objects.none(), label="Exercise lead")
    safety_officer = forms.ModelChoiceField(User.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = sorted(set(AccountRegion.objects.values_list("region", flat=True)))
        self.fields["region"].choices = [(region, region) for region in regions]  # type: ignore[attr-defined]
        people = User.objects.filter(is_active=True).order_by("name")
        self.fields["lead"].queryset = people  # type: ignore[attr-defined]
        self.fields["safety_officer"].queryset = people.filter(  # type: ignore[attr-defined]
            organisation_roles__role="safety_officer"
        )
        self.fields["timezone"].initial = Exercise._meta.get_field("timezone").default

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"].strip()
        if not is_zone(name):
            raise forms.ValidationError(
                "There is no time zone of this name; write one such as Europe/Berlin."
            )
        return name

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        az, region = data.get("az", ""), data.get("region", "")
        if az and region and not is_zone_of(region, az):
            said = f"The id of a zone of {region}, or a name, which starts with {region}."
            self.add_error("az", said)
        if not data.get("slug") and data.get("name"):
            data["slug"] = slugify(data["name"])[:60]
        if data.get("slug") == "new":
            self.add_error("slug", "“new” is the address of this form; choose another.")
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", "The end lies before the start.")
        return data

    def values(self) -> dict[str, Any]:
        """What `plan_exercise` takes; only after is_valid()."""
        data = dict(self.cleaned_data)
        zone = ZoneInfo(data["timezone"])
        day = data.pop("day")
        data["starts_at"] = datetime.combine(day, data.pop("starts"), zone)
        data["ends_at"] = datetime.combine(day, data.pop("ends"), zone)
        return data


FIELD_OF = {"starts_at": "starts", "ends_at": "ends", "window": "ends"}
"""Where a problem of the service is shown when the form has another name for it."""
