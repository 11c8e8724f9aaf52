"""Programs that run in the Chaos Toolkit's own virtualenv. The product never imports them.

engines.toolkit_supervisor starts `run.py`; Locust loads copies of `locustfile.py`.
"""
