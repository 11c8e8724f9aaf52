"""What people add to a report; written once, like all history."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql

TABLE = "exercises_reportbrief"


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0010_restores_and_hints"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportBrief",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", models.CharField(max_length=7)),
                ("number", models.PositiveIntegerField()),
                ("headline", models.CharField(blank=True, max_length=120)),
                ("decide_by", models.DateField(blank=True, null=True)),
                ("decisions", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("period", "-number"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("period", "number"), name="one_row_per_report_wording"
                    )
                ],
            },
        ),
        migrations.RunSQL(guard_sql(TABLE), unguard_sql(TABLE)),
    ]
