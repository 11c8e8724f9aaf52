"""Recurrence and windows against an oracle that walks every minute: make time-properties."""
