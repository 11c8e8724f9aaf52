"""Who took the risk of leaving a finding as it is, and until when."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0014_calendar_feeds"),
    ]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="waived_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="waived_until",
            field=models.DateField(blank=True, null=True),
        ),
    ]
