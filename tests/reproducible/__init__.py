"""`make reproducible`: see __main__."""
