"""The delayed check of an experiment, and when it is due for a run."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0043_vouched_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="recheck_after_min",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="run",
            name="recheck_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
