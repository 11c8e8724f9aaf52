"""Signing in as one of the cast."""

from __future__ import annotations

from tests.pages_exercises.conftest import as_person

__all__ = ["as_person"]
