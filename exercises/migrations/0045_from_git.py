"""Versions of templates that came from a Git repository, with their whole provenance."""

from __future__ import annotations

from django.db import migrations, models

ORIGINS = [
    ("authored", "Written here"),
    ("account", "From an AWS account"),
    ("action", "From an action that an account offers"),
    ("file", "From a file"),
    ("git", "From a Git repository"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0044_rechecks"),
    ]

    operations = [
        migrations.AlterField(
            model_name="templateversion",
            name="origin",
            field=models.CharField(
                choices=ORIGINS, db_default="authored", default="authored", max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="templateversion",
            name="origin_detail",
            field=models.CharField(blank=True, db_default="", default="", max_length=400),
        ),
    ]
