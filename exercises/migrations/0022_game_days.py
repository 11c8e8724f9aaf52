"""Game days: rounds, ideas, the points ledger, and what PostgreSQL refuses of them."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql

TABLES = (
    "exercises_improvement",
    "exercises_improvementjudgement",
    "exercises_improvementvote",
    "exercises_scoreentry",
    "exercises_finalstandings",
)

RULES = """
CREATE FUNCTION refuse_own_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM exercises_improvement i
        WHERE i.id = NEW.improvement_id AND i.proposed_by_id = NEW.judged_by_id
    ) THEN
        RAISE EXCEPTION 'nobody judges their own improvement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER improvement_judged_by_another BEFORE INSERT ON exercises_improvementjudgement
    FOR EACH ROW EXECUTE FUNCTION refuse_own_judgement();
ALTER TABLE exercises_improvementjudgement ENABLE ALWAYS TRIGGER improvement_judged_by_another;

CREATE FUNCTION refuse_points_after_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'correction' AND EXISTS (
        SELECT 1 FROM exercises_finalstandings f WHERE f.game_day_id = NEW.game_day_id
    ) THEN
        RAISE EXCEPTION 'the standings are frozen: only corrections follow'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_is_closed_by_the_final BEFORE INSERT ON exercises_scoreentry
    FOR EACH ROW EXECUTE FUNCTION refuse_points_after_the_end();
ALTER TABLE exercises_scoreentry ENABLE ALWAYS TRIGGER ledger_is_closed_by_the_final;
"""
UNRULES = """
DROP TRIGGER ledger_is_closed_by_the_final ON exercises_scoreentry;
DROP FUNCTION refuse_points_after_the_end();
DROP TRIGGER improvement_judged_by_another ON exercises_improvementjudgement;
DROP FUNCTION refuse_own_judgement();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0022_own_go"),
    ]

    operations = [
        migrations.CreateModel(
            name="GameDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rules", models.JSONField(default=dict)),
                (
                    "chaos_team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.team",
                    ),
                ),
                (
                    "exercise",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="game_day",
                        to="exercises.exercise",
                    ),
                ),
            ],
            options={
                "ordering": ("-exercise__starts_at",),
            },
        ),
        migrations.CreateModel(
            name="GameRound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("secret", models.CharField(blank=True, max_length=500)),
                ("wave", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("critical", "Critical"),
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                        ],
                        default="high",
                        max_length=8,
                    ),
                ),
                ("starts_after_s", models.PositiveIntegerField()),
                ("duration_s", models.PositiveIntegerField()),
                (
                    "game_day",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rounds",
                        to="exercises.gameday",
                    ),
                ),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="Improvement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                ("body", models.TextField(blank=True)),
                (
                    "helps",
                    models.CharField(
                        choices=[
                            ("availability", "Availability"),
                            ("detection", "Detection"),
                            ("recovery", "Recovery"),
                        ],
                        max_length=12,
                    ),
                ),
                ("proposed_at", models.DateTimeField()),
                (
                    "game_day",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="improvements",
                        to="exercises.gameday",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="improvements",
                        to="exercises.gameround",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="improvements",
                        to="exercises.team",
                    ),
                ),
            ],
            options={
                "ordering": ("-proposed_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="ImprovementJudgement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_accepted", models.BooleanField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("judged_at", models.DateTimeField()),
                (
                    "improvement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgement",
                        to="exercises.improvement",
                    ),
                ),
                (
                    "judged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ImprovementVote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("voted_at", models.DateTimeField()),
                (
                    "improvement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="exercises.improvement",
                    ),
                ),
                (
                    "voter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScoreEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("joined", "Joined"),
                            ("opted_out", "Opted out"),
                            ("opted_in", "Back in"),
                            ("availability", "Availability"),
                            ("detection", "Detection"),
                            ("recovery", "Recovery"),
                            ("table_top", "Table-top"),
                            ("idea", "Improvement"),
                            ("bonus", "Bonus"),
                            ("correction", "Correction"),
                        ],
                        max_length=12,
                    ),
                ),
                ("points", models.IntegerField(default=0)),
                ("inside_ms", models.BigIntegerField(default=0)),
                ("window_ms", models.BigIntegerField(default=0)),
                ("took_s", models.PositiveIntegerField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("details", models.JSONField(default=dict)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="exercises.scoreentry",
                    ),
                ),
                (
                    "game_day",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger",
                        to="exercises.gameday",
                    ),
                ),
                (
                    "improvement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.improvement",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.gameround",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.team",
                    ),
                ),
            ],
            options={
                "ordering": ("seq",),
            },
        ),
        migrations.CreateModel(
            name="FinalStandings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("edition", models.PositiveIntegerField()),
                ("through_seq", models.PositiveIntegerField()),
                ("standings", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("frozen_at", models.DateTimeField()),
                (
                    "frozen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "game_day",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="finals",
                        to="exercises.gameday",
                    ),
                ),
            ],
            options={
                "ordering": ("-edition",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("game_day", "edition"), name="one_final_an_edition"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="gameround",
            constraint=models.UniqueConstraint(
                fields=("game_day", "number"), name="one_round_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="gameround",
            constraint=models.UniqueConstraint(
                condition=models.Q(("wave__isnull", False)),
                fields=("game_day", "wave"),
                name="one_round_a_wave",
            ),
        ),
        migrations.AddConstraint(
            model_name="improvementvote",
            constraint=models.UniqueConstraint(
                fields=("improvement", "voter"), name="one_vote_a_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoreentry",
            constraint=models.UniqueConstraint(
                fields=("game_day", "seq"), name="one_entry_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoreentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind__in", ["availability", "detection", "recovery", "table_top"])
                ),
                fields=("game_day", "team", "round", "kind"),
                name="scored_once_a_round",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoreentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("improvement__isnull", False)),
                fields=("improvement",),
                name="one_entry_an_idea",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoreentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("points__gte", 0), ("kind", "correction"), _connector="OR"),
                name="only_corrections_take_points",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoreentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrects__isnull", False), ("kind", "correction")),
                    models.Q(
                        models.Q(("kind", "correction"), _negated=True), ("corrects__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="a_correction_names_its_entry",
            ),
        ),
        *(migrations.RunSQL(guard_sql(table), unguard_sql(table)) for table in TABLES),
        migrations.RunSQL(RULES, UNRULES),
    ]
