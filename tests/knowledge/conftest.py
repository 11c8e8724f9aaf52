"""What findings leave behind is needed here too."""

from __future__ import annotations

from tests.findings.conftest import drafted, fallen

__all__ = ["drafted", "fallen"]
