"""What a run showed when it drafted a finding or brought it back, kept as it was."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0019_mentor_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="FindingEvidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("drafted", "Found"),
                            ("reopened", "Came back"),
                            ("sent_back", "Retest did not hold"),
                        ],
                        max_length=10,
                    ),
                ),
                ("kept_at", models.DateTimeField()),
                ("charts", models.JSONField(default=list)),
                ("lines", models.JSONField(default=list)),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kept_evidence",
                        to="exercises.finding",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exercises.run",
                    ),
                ),
            ],
            options={
                "ordering": ("kept_at", "id"),
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "run"), name="one_evidence_a_run")
                ],
            },
        ),
        migrations.RunSQL(
            guard_sql("exercises_findingevidence"), unguard_sql("exercises_findingevidence")
        ),
    ]
