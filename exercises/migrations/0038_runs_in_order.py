"""The list of runs in its order, without sorting all of them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0037_expected_alarms")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["scheduled_at", "id"], name="run_in_order"),
        )
    ]
