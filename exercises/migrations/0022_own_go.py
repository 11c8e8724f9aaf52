"""Two people may say Go for an experiment on its own, once for each content and slot of it."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0021_finding_questions")]

    operations = [
        migrations.AddField(
            model_name="gopair",
            name="experiment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="go_pairs",
                to="exercises.experiment",
            ),
        ),
        migrations.AddConstraint(
            model_name="gopair",
            constraint=models.UniqueConstraint(
                condition=models.Q(("experiment__isnull", True)),
                fields=("exercise",),
                name="one_go_of_an_exercise",
            ),
        ),
        migrations.AlterField(
            model_name="gopair",
            name="exercise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="go_pairs",
                to="exercises.exercise",
            ),
        ),
    ]
