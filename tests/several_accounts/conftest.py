"""A simulated estate in which an application is deployed in two accounts."""

from __future__ import annotations

from tests.runs.conftest import estate

__all__ = ["estate"]
