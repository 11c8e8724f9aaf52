"""What people expected of an experiment before it ran."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0024_kept_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Prediction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holds", models.BooleanField()),
                ("recovery_s", models.PositiveIntegerField(blank=True, null=True)),
                ("because", models.CharField(blank=True, max_length=500)),
                ("made_at", models.DateTimeField()),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predictions",
                        to="exercises.experiment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("made_at", "id"),
            },
        ),
        migrations.RunSQL(guard_sql("exercises_prediction"), unguard_sql("exercises_prediction")),
    ]
