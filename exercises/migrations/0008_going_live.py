"""The words that start an exercise, hold points, go / no-go, and checks that repeat."""

from __future__ import annotations

import datetime as dt

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql

GUARDED = ("exercises_gorequest", "exercises_gotry", "exercises_gopair")


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0007_heartbeat_of_a_region"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoPair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lead_session", models.CharField(max_length=64)),
                ("lead_at", models.DateTimeField()),
                ("safety_session", models.CharField(max_length=64)),
                ("safety_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="GoRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("session", models.CharField(max_length=64)),
                ("said_at", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("readiness", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ("-said_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="GoTry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HoldPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("after_wave", models.PositiveSmallIntegerField()),
                ("continued_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "ordering": ("after_wave",),
            },
        ),
        migrations.AlterModelOptions(
            name="experiment",
            options={"ordering": ("wave", "slot_offset_s", "id")},
        ),
        migrations.AddField(
            model_name="exercise",
            name="cancelled_because",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="exercise",
            name="no_go_holds",
            field=models.CharField(
                choices=[
                    ("participant", "Only its own experiments"),
                    ("exercise", "The whole exercise"),
                ],
                default="participant",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="cancelled_because",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="experiment",
            name="wave",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="participation",
            name="acknowledged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="participation",
            name="acknowledged_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="go_reason",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="participation",
            name="go_said_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="participation",
            name="go_said_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="on_call_person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="preflightcheck",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="preflightcheck",
            name="fence",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="preflightcheck",
            name="lease_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="experiment",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("proposed", "Proposed"),
                    ("withdrawn", "Withdrawn"),
                    ("cancelled", "Cancelled"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="preflightcheck",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="check_due"
            ),
        ),
        migrations.AddField(
            model_name="gopair",
            name="exercise",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="go_pair",
                to="exercises.exercise",
            ),
        ),
        migrations.AddField(
            model_name="gopair",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="gopair",
            name="safety",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="gorequest",
            name="exercise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="go_requests",
                to="exercises.exercise",
            ),
        ),
        migrations.AddField(
            model_name="gorequest",
            name="said_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="gopair",
            name="request",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pair",
                to="exercises.gorequest",
            ),
        ),
        migrations.AddField(
            model_name="gotry",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tries",
                to="exercises.gorequest",
            ),
        ),
        migrations.AddField(
            model_name="gotry",
            name="tried_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="holdpoint",
            name="continued_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="holdpoint",
            name="exercise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="hold_points",
                to="exercises.exercise",
            ),
        ),
        migrations.AddConstraint(
            model_name="gopair",
            constraint=models.CheckConstraint(
                condition=models.Q(("lead", models.F("safety")), _negated=True),
                name="go_takes_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="gopair",
            constraint=models.CheckConstraint(
                condition=models.Q(("lead_session", models.F("safety_session")), _negated=True),
                name="go_takes_two_sessions",
            ),
        ),
        migrations.AddConstraint(
            model_name="gopair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("safety_at__gte", models.F("lead_at")),
                    (
                        "safety_at__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("lead_at"), "+", models.Value(dt.timedelta(seconds=300))
                        ),
                    ),
                ),
                name="go_is_answered_in_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdpoint",
            constraint=models.UniqueConstraint(
                fields=("exercise", "after_wave"), name="one_hold_point_after_a_wave"
            ),
        ),
        migrations.AddConstraint(
            model_name="holdpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("continued_at__isnull", True), ("continued_by__isnull", False), _connector="OR"
                ),
                name="a_person_continues",
            ),
        ),
        *(migrations.RunSQL(guard_sql(table), unguard_sql(table)) for table in GUARDED),
    ]
