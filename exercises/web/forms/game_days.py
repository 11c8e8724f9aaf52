"""Planning a game day and its rules, ideas and points: reads what was typed; the rules are
those of the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms import BoundField

from exercises.domain.game_rules import POINTS, SEVERITIES, GameRules
from exercises.models import Team
from exercises.models.game_days import HELPS
from exercises.services.game_days import RoundPlan
from exercises.services.improvements import LONGEST_BODY, LONGEST_TITLE
from exercises.web.forms.exercises import FIELD_OF as OF_EXERCISE
from exercises.web.forms.exercises import ExerciseForm

SHOWN_ROUNDS: Final = 6
FIELD_OF: Final = OF_EXERCISE | {"rounds": "ends"}

LABELS: Final = {
    "availability": "Availability, a round",
    "detection": "Detection, a round",
    "recovery": "Recovery, a round",
    "idea": "An accepted improvement",
    "table_top": "A table-top round, at most",
    "bonus": "A bonus, at most",
}


class GameDayForm(ExerciseForm):
    """An exercise that is played: who plays, and who makes the chaos."""

    chaos_team = forms.ModelChoiceField(
        Team.objects.order_by("name"),
        label="Chaos team",
        empty_label="Choose a team",
        help_text="Makes the chaos, judges improvements, and does not play",
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.order_by("name"),
        label="Teams that play",
        widget=forms.CheckboxSelectMultiple,
        help_text="Each of them may take itself off the board",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "For instance Ops game day, autumn"
        self.fields["goal"].label = "What it is about"
        self.fields["goal"].help_text = "Stands above the board"

    def values(self) -> dict[str, Any]:
        return super().values() | {"teams": list(self.cleaned_data["teams"])}


class RoundForm(forms.Form):
    """One round; a row without a title is not there."""

    title = forms.CharField(max_length=120, required=False, label="Title")
    kind = forms.ChoiceField(
        label="What happens",
        choices=[
            ("table_top", "Table-top: nothing is injected"),
            *((str(wave), f"Wave {wave} of the run sheet") for wave in range(1, SHOWN_ROUNDS + 1)),
        ],
    )
    severity = forms.ChoiceField(
        choices=tuple(SEVERITIES.items()), initial="high", label="Severity"
    )
    minutes = forms.IntegerField(min_value=1, max_value=24 * 60, initial=30, label="Minutes")
    secret = forms.CharField(
        max_length=500, required=False, label="What it is", help_text="Shown when it is over"
    )


RoundForms = forms.formset_factory(
    RoundForm, extra=SHOWN_ROUNDS, max_num=SHOWN_ROUNDS, absolute_max=SHOWN_ROUNDS
)


def plans_of(rounds: forms.BaseFormSet) -> list[RoundPlan]:  # type: ignore[type-arg]
    """The rounds one after the other, as the service takes them; only after is_valid()."""
    plans: list[RoundPlan] = []
    starts_s = 0
    for row in rounds.cleaned_data:
        if not row.get("title", "").strip():
            continue
        lasts_s = 60 * row["minutes"]
        plans.append(
            RoundPlan(
                title=row["title"],
                starts_after_s=starts_s,
                duration_s=lasts_s,
                wave=None if row["kind"] == "table_top" else int(row["kind"]),
                severity=row["severity"],
                secret=row["secret"],
            )
        )
        starts_s += lasts_s
    return plans


@dataclass(frozen=True)
class ThresholdRow:
    """The four minutes of one severity."""

    severity: str
    detection: tuple[BoundField, BoundField]
    recovery: tuple[BoundField, BoundField]


class RulesForm(forms.Form):
    """Every number of the rules, in points and minutes."""

    def __init__(self, *args: Any, rules: GameRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in POINTS:
            self.fields[name] = forms.IntegerField(label=LABELS[name], initial=getattr(rules, name))
        for severity, words in SEVERITIES.items():
            for what in ("detection", "recovery"):
                pace = getattr(rules.thresholds[severity], what)
                for part, value, until in (
                    ("full", pace.full, "in full up to"),
                    ("none", pace.none, "none from"),
                ):
                    self.fields[f"{severity}_{what}_{part}"] = forms.IntegerField(
                        label=f"{words}, {what}, {until}, minutes", initial=value
                    )

    @property
    def field_of(self) -> dict[str, str]:
        """Where a problem of the rules is shown."""
        return {
            f"thresholds.{severity}.{what}": f"{severity}_{what}_full"
            for severity in SEVERITIES
            for what in ("detection", "recovery")
        }

    def points(self) -> list[BoundField]:
        return [self[name] for name in POINTS]

    def rows(self) -> list[ThresholdRow]:
        return [
            ThresholdRow(
                words,
                (self[f"{severity}_detection_full"], self[f"{severity}_detection_none"]),
                (self[f"{severity}_recovery_full"], self[f"{severity}_recovery_none"]),
            )
            for severity, words in SEVERITIES.items()
        ]

    def document(self) -> dict[str, Any]:
        """The rules as the service reads them; only after is_valid()."""
        data = self.cleaned_data
        return {name: data[name] for name in POINTS} | {
            "thresholds": {
                severity: {
                    what: [data[f"{severity}_{what}_full"], data[f"{severity}_{what}_none"]]
                    for what in ("detection", "recovery")
                }
                for severity in SEVERITIES
            }
        }


class IdeaForm(forms.Form):
    """An improvement as it is proposed."""

    title = forms.CharField(label="Idea", max_length=LONGEST_TITLE, help_text="One sentence")
    helps = forms.ChoiceField(label="Helps with", choices=HELPS)
    team = forms.ModelChoiceField(Team.objects.none(), label="For team", empty_label=None)
    body = forms.CharField(
        label="How it would work",
        max_length=LONGEST_BODY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, teams: list[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Team.objects.filter(pk__in=[team.pk for team in teams])
        self.fields["team"].queryset = found.order_by("name")  # type: ignore[attr-defined]


class PointsForm(forms.Form):
    """Points that the jury gives."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    round = forms.ChoiceField()
    points = forms.IntegerField(min_value=1)
    reason = forms.CharField(label="Why", max_length=500)

    def __init__(
        self, *args: Any, teams: list[Team], rounds: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        found = Team.objects.filter(pk__in=[team.pk for team in teams])
        self.fields["team"].queryset = found.order_by("name")  # type: ignore[attr-defined]
        self.fields["round"].choices = rounds  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    """What an entry should have been worth."""

    points = forms.IntegerField(label="It is worth", min_value=0)
    reason = forms.CharField(label="Why", max_length=500)
