"""What every table shares. Used by all models; nothing else imports it."""

from __future__ import annotations

from typing import Any

from django.db import models


class Record(models.Model):
    """A row whose later saves must name the fields they change.

    A whole-row save() writes back what the caller read minutes ago and so undoes what
    others decided since; that is how a stopped run would come back to life.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding and kwargs.get("update_fields") is None:
            raise TypeError(f"{type(self).__name__}.save() needs update_fields")
        super().save(*args, **kwargs)
