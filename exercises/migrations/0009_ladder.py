"""Mentors asked, their sign-offs, overrides of the ladder, and what a look at a role said."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql

GUARDED = ("exercises_mentorsignoff", "exercises_ladderoverride")


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0008_going_live"),
    ]

    operations = [
        migrations.CreateModel(
            name="LadderOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("failure_family", models.SlugField(max_length=60)),
                ("level", models.PositiveSmallIntegerField()),
                ("reason", models.CharField(max_length=500)),
                ("granted_at", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ladder_overrides",
                        to="exercises.application",
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-granted_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="MentorSignOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("failure_family", models.SlugField(max_length=60)),
                ("digest", models.CharField(max_length=64)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("signed_at", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_sign_offs",
                        to="exercises.application",
                    ),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_sign_offs",
                        to="exercises.experiment",
                    ),
                ),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_sign_offs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mentor_team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_sign_offs",
                        to="exercises.team",
                    ),
                ),
            ],
            options={
                "ordering": ("-signed_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="MentorRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("failure_family", models.SlugField(max_length=60)),
                ("message", models.CharField(blank=True, max_length=500)),
                ("asked_at", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_requests",
                        to="exercises.application",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mentor_team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_requests",
                        to="exercises.team",
                    ),
                ),
            ],
            options={
                "ordering": ("-asked_at", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answer", "declined"), _negated=True),
                        fields=("application", "failure_family", "mentor"),
                        name="one_mentor_request_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=10)),
                ("is_ok", models.BooleanField()),
                ("message", models.CharField(blank=True, max_length=500)),
                ("checked_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_checks",
                        to="exercises.cloudaccount",
                    ),
                ),
            ],
            options={
                "ordering": ("account", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "purpose"), name="one_answer_per_role_of_an_account"
                    )
                ],
            },
        ),
        *(migrations.RunSQL(guard_sql(table), unguard_sql(table)) for table in GUARDED),
    ]
