"""The crash harness: seeds make schedules of acts, crashes and lies of AWS; an oracle judges.

`make crash-inprocess` runs it on a virtual clock in one process per core, `make crash` with
real processes that are killed, `make planted-bugs` with mistakes the oracle has to see.
"""
