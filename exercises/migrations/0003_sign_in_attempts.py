"""Attempts to sign in are counted; people of the demo say what to try as them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exercises", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="demo_hint",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("address", models.CharField(max_length=45)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["email", "at"], name="sign_in_of_email"),
                    models.Index(fields=["address", "at"], name="sign_in_of_address"),
                ],
            },
        ),
    ]
