"""Versions of the policy, which one a decision was made under, and since when roles are held."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0016_debrief_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="policy",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="granted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organisationrole",
            name="granted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="organisationrole",
            name="role",
            field=models.CharField(
                choices=[
                    ("programme_lead", "programme_lead"),
                    ("safety_officer", "safety_officer"),
                    ("change_manager", "change_manager"),
                    ("leadership", "leadership"),
                    ("auditor", "auditor"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("rules", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.TextField()),
                ("created_at", models.DateTimeField()),
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
                "ordering": ("-number",),
            },
        ),
        migrations.CreateModel(
            name="PolicyActivation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("active_from", models.DateTimeField()),
                (
                    "activated_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="exercises.policyversion",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        # What was granted before is as old as it may be; only what comes now has a time.
        *(
            migrations.AlterField(
                model_name=model,
                name="granted_at",
                field=models.DateTimeField(
                    blank=True, default=django.utils.timezone.now, null=True
                ),
            )
            for model in ("membership", "organisationrole")
        ),
        *(
            migrations.RunSQL(guard_sql(table), unguard_sql(table))
            for table in ("exercises_policyversion", "exercises_policyactivation")
        ),
    ]
