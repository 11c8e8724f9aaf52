"""Attempts to sign in with a password that have not succeeded, for as long as they count."""

from __future__ import annotations

from django.db import models

from exercises.models.base import Record


class SignInAttempt(Record):
    """Written before the password is looked at and taken away when it was right."""

    email = models.EmailField()
    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("email", "at"), name="sign_in_of_email"),
            models.Index(fields=("address", "at"), name="sign_in_of_address"),
        )
