"""Pure rules, one topic a file: no clock, database, network or settings."""
