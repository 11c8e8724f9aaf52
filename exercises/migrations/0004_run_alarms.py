"""A run keeps what AWS last said of the alarms that stop it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0003_sign_in_attempts")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="alarms",
            field=models.JSONField(default=list),
        ),
    ]
