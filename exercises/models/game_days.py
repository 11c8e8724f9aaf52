"""Game days: an exercise that is played for points, its rounds, its ideas and its ledger.

Who plays, who opted out and what everybody earned is in the ledger alone
(domain.score_ledger); nothing of it is kept a second time but the frozen final standings.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exercises.domain.actors import Actor
from exercises.domain.game_rules import SEVERITIES
from exercises.domain.score_ledger import LABELS, MEASURED, EntryKind
from exercises.models.append_only import AppendOnly
from exercises.models.base import Record
from exercises.models.exercises import Exercise
from exercises.models.people import Team, User

HELPS = (
    ("availability", "Availability"),
    ("detection", "Detection"),
    ("recovery", "Recovery"),
)


class GameDayQuerySet(models.QuerySet["GameDay"]):
    def visible_to(self, actor: Actor) -> GameDayQuerySet:
        return self.filter(exercise__in=Exercise.objects.visible_to(actor))


class GameDay(Record):
    """The game on top of an exercise. `rules` are frozen when the exercise goes live."""

    exercise = models.OneToOneField(Exercise, on_delete=models.PROTECT, related_name="game_day")
    chaos_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    rules = models.JSONField(default=dict)

    objects = GameDayQuerySet.as_manager()

    class Meta:
        ordering = ("-exercise__starts_at",)

    def __str__(self) -> str:
        return self.exercise.name


class GameRound(Record):
    """A round injects what one wave of the run sheet holds; without a wave it is table-top.

    The title shows when the round begins, `secret` when it is over. Offsets count from the
    start of the window.
    """

    game_day = models.ForeignKey(GameDay, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    secret = models.CharField(max_length=500, blank=True)
    wave = models.PositiveSmallIntegerField(null=True, blank=True)
    severity = models.CharField(max_length=8, choices=tuple(SEVERITIES.items()), default="high")
    starts_after_s = models.PositiveIntegerField()
    duration_s = models.PositiveIntegerField()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("game_day", "number"), name="one_round_a_number"),
            models.UniqueConstraint(
                fields=("game_day", "wave"),
                condition=Q(wave__isnull=False),
                name="one_round_a_wave",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    @property
    def is_table_top(self) -> bool:
        return self.wave is None


class Improvement(AppendOnly):
    """An idea that makes operations better, proposed by a team that plays."""

    game_day = models.ForeignKey(GameDay, on_delete=models.PROTECT, related_name="improvements")
    round = models.ForeignKey(
        GameRound, null=True, blank=True, on_delete=models.PROTECT, related_name="improvements"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="improvements")
    title = models.CharField(max_length=160)
    body = models.TextField(blank=True)
    helps = models.CharField(max_length=12, choices=HELPS)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()

    class Meta:
        ordering = ("-proposed_at", "-id")

    def __str__(self) -> str:
        return self.title


class ImprovementJudgement(AppendOnly):
    """The word of the jury, once. PostgreSQL refuses that of whoever proposed it."""

    improvement = models.OneToOneField(
        Improvement, on_delete=models.PROTECT, related_name="judgement"
    )
    is_accepted = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    judged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField()


class ImprovementVote(AppendOnly):
    """One person finds an idea good. Votes carry no points; they tell the jury."""

    improvement = models.ForeignKey(Improvement, on_delete=models.PROTECT, related_name="votes")
    voter = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    voted_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("improvement", "voter"), name="one_vote_a_person"),
        )


class ScoreEntry(AppendOnly):
    """One line of the points ledger. `seq` counts within the game day, without a gap.

    Once the final standings are frozen PostgreSQL takes corrections only.
    """

    game_day = models.ForeignKey(GameDay, on_delete=models.PROTECT, related_name="ledger")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=[(k.value, LABELS[k]) for k in EntryKind])
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(
        GameRound, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    points = models.IntegerField(default=0)
    inside_ms = models.BigIntegerField(default=0)
    window_ms = models.BigIntegerField(default=0)
    took_s = models.PositiveIntegerField(null=True, blank=True)
    improvement = models.ForeignKey(
        Improvement, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrections"
    )
    reason = models.CharField(max_length=500, blank=True)
    details = models.JSONField(default=dict)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("seq",)
        constraints = (
            models.UniqueConstraint(fields=("game_day", "seq"), name="one_entry_a_number"),
            models.UniqueConstraint(
                fields=("game_day", "team", "round", "kind"),
                condition=Q(kind__in=[*(k.value for k in MEASURED), EntryKind.TABLE_TOP.value]),
                name="scored_once_a_round",
            ),
            models.UniqueConstraint(
                fields=("improvement",),
                condition=Q(improvement__isnull=False),
                name="one_entry_an_idea",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0) | Q(kind=EntryKind.CORRECTION.value),
                name="only_corrections_take_points",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.CORRECTION.value, corrects__isnull=False)
                | Q(~Q(kind=EntryKind.CORRECTION.value), corrects__isnull=True),
                name="a_correction_names_its_entry",
            ),
        )


class FinalStandings(AppendOnly):
    """The board as it was frozen, once more after each later correction."""

    game_day = models.ForeignKey(GameDay, on_delete=models.PROTECT, related_name="finals")
    edition = models.PositiveIntegerField()
    through_seq = models.PositiveIntegerField()
    standings = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    frozen_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField()

    class Meta:
        ordering = ("-edition",)
        constraints = (
            models.UniqueConstraint(fields=("game_day", "edition"), name="one_final_an_edition"),
        )
