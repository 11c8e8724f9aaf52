"""What would be noticed if a line that keeps a promise were taken away: `make invariants`."""
