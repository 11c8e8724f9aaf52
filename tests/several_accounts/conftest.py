"""A simulated estate in which an application is deployed in two accounts, and a journal of its
own for each test."""

from __future__ import annotations

from tests.runs.conftest import estate
from tests.stopping.conftest import journal, no_database, stop_folder, time_enough

__all__ = ["estate", "journal", "no_database", "stop_folder", "time_enough"]
