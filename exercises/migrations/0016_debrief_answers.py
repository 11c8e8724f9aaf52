"""The three answers with which an exercise closes."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0015_waivers"),
    ]

    operations = [
        migrations.CreateModel(
            name="DebriefAnswers",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "was_resilient",
                    models.CharField(
                        choices=[("yes", "Yes"), ("partly", "In part"), ("no", "No")], max_length=6
                    ),
                ),
                ("surprised_us", models.TextField()),
                ("we_share", models.TextField()),
                ("answered_at", models.DateTimeField()),
                (
                    "answered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "exercise",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debrief_answers",
                        to="exercises.exercise",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
