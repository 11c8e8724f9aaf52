"""SSE: one subscription per process, many listeners."""

from __future__ import annotations

urlpatterns: list = []
