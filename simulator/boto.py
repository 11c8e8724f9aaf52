"""The one boto3 session of the simulator: who talks to moto, as an account or as FIS.

Reading a service's model takes up to a second; the session keeps what it has read, so
that it is read at the start and never while an experiment waits for it.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import boto3
from botocore.config import Config

SERVICES: Final = ("sts", "ec2", "rds", "iam", "cloudwatch", "autoscaling")
CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"total_max_attempts": 2, "mode": "standard"},
    proxies={},
)

NOBODY: Final = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}


def client(service: str, endpoint: str, region: str, **credentials: str) -> Any:
    """A client of the service at the endpoint, with these credentials."""
    return _session().client(
        service, endpoint_url=endpoint, region_name=region, config=CONFIG, **credentials
    )


@functools.cache
def read_models(region: str) -> None:
    """Read the models of every service an experiment can need."""
    for service in SERVICES:
        _session().client(service, region_name=region, **NOBODY)


@functools.cache
def _session() -> Any:
    return boto3.Session()
