"""A name that never changes for each schedule: its programme's, numbered from the second on."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def name_each(apps: Any, editor: Any) -> None:
    schedules = apps.get_model("exercises", "Schedule").objects
    taken: set[str] = set()
    for schedule in schedules.select_related("programme").order_by("pk"):
        name, number = schedule.programme.slug, 1
        while name in taken:
            number += 1
            name = f"{schedule.programme.slug}-{number}"
        taken.add(name)
        schedules.filter(pk=schedule.pk).update(slug=name)


class Migration(migrations.Migration):
    dependencies = [("exercises", "0038_runs_in_order")]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="slug",
            field=models.CharField(max_length=60, null=True),
        ),
        migrations.RunPython(name_each, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="schedule",
            name="slug",
            field=models.SlugField(max_length=60, unique=True),
        ),
    ]
