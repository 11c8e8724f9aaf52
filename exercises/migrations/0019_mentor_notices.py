"""A notice may be about a mentor who was asked."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0018_alarm_settings")]

    operations = [
        migrations.AddField(
            model_name="announcement",
            name="mentor_request",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="exercises.mentorrequest",
            ),
        ),
    ]
