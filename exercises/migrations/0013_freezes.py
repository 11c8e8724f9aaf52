"""Freezes from calendars, exceptions from them, and occurrences that were missed."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0012_notifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="MissedOccurrence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("occurrence_key", models.CharField(max_length=40)),
                ("starts_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=300)),
                ("noted_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("-starts_at",),
            },
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="declared_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="lifted_because",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="lifted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="source_key",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="schedule",
            name="looked_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="FreezeException",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=500)),
                ("granted_at", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="freeze_exceptions",
                        to="exercises.experiment",
                    ),
                ),
                (
                    "freeze",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exceptions",
                        to="exercises.freezewindow",
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
                (
                    "revoked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-granted_at",),
            },
        ),
        migrations.CreateModel(
            name="FreezeSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.BigIntegerField(default=0)),
                ("name", models.CharField(max_length=120)),
                ("url", models.CharField(max_length=1000)),
                ("environments", models.JSONField(blank=True, default=list)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                ("content", models.TextField(blank=True)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("good_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("accounts", models.ManyToManyField(blank=True, to="exercises.cloudaccount")),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("teams", models.ManyToManyField(blank=True, to="exercises.team")),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="source",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="freezes",
                to="exercises.freezesource",
            ),
        ),
        migrations.AddConstraint(
            model_name="freezewindow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source__isnull", False)),
                fields=("source", "source_key"),
                name="one_freeze_per_event",
            ),
        ),
        migrations.AddField(
            model_name="missedoccurrence",
            name="schedule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="missed",
                to="exercises.schedule",
            ),
        ),
        migrations.AddIndex(
            model_name="freezesource",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at"],
                name="freeze_source_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="missedoccurrence",
            constraint=models.UniqueConstraint(
                fields=("schedule", "occurrence_key"), name="one_row_per_missed_occurrence"
            ),
        ),
        migrations.RunSQL(
            guard_sql("exercises_missedoccurrence"), unguard_sql("exercises_missedoccurrence")
        ),
    ]
