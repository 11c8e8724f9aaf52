"""Queues that tell of state changes, who suspended a schedule, and restores that were seen."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0009_ladder"),
    ]

    operations = [
        migrations.AddField(
            model_name="accountregion",
            name="event_queue_url",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="schedule",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="schedule",
            name="suspended_by_name",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.CreateModel(
            name="Recovery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("detected_at", models.DateTimeField()),
                ("because", models.CharField(max_length=500)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_by",
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
                "ordering": ("-detected_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("confirmed_at__isnull", True)),
                        name="one_open_recovery",
                    )
                ],
            },
        ),
    ]
