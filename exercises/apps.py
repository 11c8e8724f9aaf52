"""App configuration, read by Django at start-up."""

from __future__ import annotations

from celery.signals import task_postrun
from django.apps import AppConfig
from django.core.signals import request_finished


class ExercisesConfig(AppConfig):
    name = "exercises"
    verbose_name = "Exercises"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from exercises.services import aws_calls

        request_finished.connect(aws_calls.pass_on, dispatch_uid="aws_calls")
        task_postrun.connect(aws_calls.pass_on, dispatch_uid="aws_calls")
