"""How FIS reaches the accounts: through STS, with the roles of the experiment.

The effects only hold what these sessions give them, so a missing role or a wrong account
shows exactly as it would in AWS.
"""

from __future__ import annotations

from typing import Any, Final

from simulator import boto

SERVICE_KEY: Final = "ASIAFISSERVICEPRINC0"
"""The access key by which the trust check knows the principal fis.amazonaws.com."""


class Access:
    """The clients of one experiment, by account."""

    def __init__(self, endpoint: str, region: str, experiment_arn: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._experiment_arn = experiment_arn
        self._credentials: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        self.last_account = ""
        """Where it was last acted: what fails, fails there."""

    def assume_own_role(self, account: str, role_arn: str) -> None:
        """FIS itself takes the role of the template."""
        service = {"aws_access_key_id": SERVICE_KEY, "aws_secret_access_key": "fis"}
        self._credentials[account] = self._assume(role_arn, service)

    def assume_target_role(self, own_account: str, account: str, role_arn: str) -> None:
        """The role of the template takes the role of a target account."""
        self._credentials[account] = self._assume(role_arn, self._credentials[own_account])

    def _assume(self, role_arn: str, credentials: dict[str, str]) -> dict[str, str]:
        taken = self._client("sts", credentials).assume_role(
            RoleArn=role_arn,
            RoleSessionName="fis-" + self._experiment_arn.rsplit("/", 1)[-1],
            ExternalId=self._experiment_arn,
        )["Credentials"]
        return {
            "aws_access_key_id": taken["AccessKeyId"],
            "aws_secret_access_key": taken["SecretAccessKey"],
            "aws_session_token": taken["SessionToken"],
        }

    def client(self, service: str, account: str) -> Any:
        """A boto3 client of a service in an account whose role was assumed."""
        self.last_account = account
        if (service, account) not in self._clients:
            self._clients[service, account] = self._client(service, self._credentials[account])
        return self._clients[service, account]

    def _client(self, service: str, credentials: dict[str, str]) -> Any:
        return boto.client(service, self._endpoint, self._region, **credentials)
