"""`make scenarios`: see __main__."""
