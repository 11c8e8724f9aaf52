"""A stand-in for AWS to develop, test and demonstrate against: FIS in front of moto.

Started with `python -m simulator` or `simulator.server.start`. It imports nothing of the
product and the product imports nothing of it: they meet only on the AWS API.
"""
