"""The applications that run on the estate: how they feel a fault and what they publish."""
