"""The command line's way to a server of chaosplane: standard library only."""
