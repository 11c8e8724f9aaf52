"""Stop with nothing but a disk and AWS: no database, no queue, no settings of Django.

Used by services.stop, services.sentinel and the command `chaosplane stop`.
"""
