"""How much may run at once."""

from __future__ import annotations

from typing import Final

# FIS lets five experiments run at once in an account and Region unless the quota was
# raised (AWS FIS User Guide, "Quotas and limitations"): a sixth start would fail there.
OPEN_RUNS_PER_ACCOUNT_REGION: Final = 5

# Two faults in one application cannot be told apart in its measurements.
OPEN_RUNS_PER_APPLICATION: Final = 1
