"""Knowledge pages with all their versions, and words to search them and findings by."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from exercises.models.append_only import guard_sql, unguard_sql


class Migration(migrations.Migration):
    dependencies = [
        ("exercises", "0022_game_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="KnowledgePage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="KnowledgeVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=160)),
                ("body", models.TextField()),
                ("families", models.JSONField(default=list)),
                ("templates", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("written_at", models.DateTimeField()),
                (
                    "words",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.SearchVector(
                                "title", config=models.Value("english"), weight="A"
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "body", config=models.Value("english"), weight="B"
                            ),
                            django.contrib.postgres.search.SearchConfig(models.Value("english")),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "ordering": ("page", "-number"),
            },
        ),
        migrations.AddField(
            model_name="finding",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.contrib.postgres.search.CombinedSearchVector(
                    django.contrib.postgres.search.SearchVector(
                        "title", config=models.Value("english"), weight="A"
                    ),
                    "||",
                    django.contrib.postgres.search.SearchVector(
                        "body", config=models.Value("english"), weight="B"
                    ),
                    django.contrib.postgres.search.SearchConfig(models.Value("english")),
                ),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=django.contrib.postgres.indexes.GinIndex(fields=["words"], name="finding_words"),
        ),
        migrations.AddField(
            model_name="knowledgepage",
            name="finding",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="knowledge",
                to="exercises.finding",
            ),
        ),
        migrations.AddField(
            model_name="knowledgeversion",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="knowledgeversion",
            name="page",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="exercises.knowledgepage",
            ),
        ),
        migrations.AddField(
            model_name="knowledgepage",
            name="current",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="exercises.knowledgeversion",
            ),
        ),
        migrations.AddIndex(
            model_name="knowledgeversion",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["words"], name="knowledge_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="knowledgeversion",
            constraint=models.UniqueConstraint(
                fields=("page", "number"), name="one_row_a_knowledge_version"
            ),
        ),
        migrations.RunSQL(
            guard_sql("exercises_knowledgeversion"), unguard_sql("exercises_knowledgeversion")
        ),
    ]
