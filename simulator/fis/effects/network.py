"""Connectivity of subnets: a network ACL of FIS takes the place of the subnet's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.fis.effects.base import ActionFailed, Effect

SCOPES = ("all", "availability-zone", "dynamodb", "prefix-list", "s3", "s3express", "vpc")
CUTS_OFF = ("all", "availability-zone", "vpc")


@dataclass(frozen=True, slots=True)
class Swap:
    """One association that points to the ACL of FIS for now."""

    account: str
    association: str
    original_acl: str
    fis_acl: str


class DisruptConnectivity(Effect):
    """Swaps the ACL; scopes that mean the subnet's own traffic get a rule that denies all."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._swaps: list[Swap] = []

    def begin(self) -> None:
        scope = self.call.parameters["scope"]
        if scope not in SCOPES:
            raise ActionFailed(f"scope must be one of {', '.join(SCOPES)}.", "ConfigurationFailure")
        for account, resources in self.call.by_account():
            client = self.call.client("ec2", account)
            for resource in resources:
                self._swaps.append(self._swap(client, account, resource.name, scope))

    def _swap(self, client: Any, account: str, subnet: str, scope: str) -> Swap:
        acl = client.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
        )["NetworkAcls"][0]
        association = next(each for each in acl["Associations"] if each["SubnetId"] == subnet)
        tags = [
            {"Key": "managedByFIS", "Value": "true"},
            {"Key": "fisExperimentId", "Value": self.call.experiment_id},
        ]
        fis_acl = client.create_network_acl(
            VpcId=acl["VpcId"],
            TagSpecifications=[{"ResourceType": "network-acl", "Tags": tags}],
        )["NetworkAcl"]["NetworkAclId"]
        for egress in (True, False):
            client.create_network_acl_entry(
                NetworkAclId=fis_acl,
                RuleNumber=1,
                Protocol="-1",
                RuleAction="deny" if scope in CUTS_OFF else "allow",
                Egress=egress,
                CidrBlock="0.0.0.0/0",
            )
        changed = client.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"], NetworkAclId=fis_acl
        )
        return Swap(account, changed["NewAssociationId"], acl["NetworkAclId"], fis_acl)

    def end(self) -> None:
        while self._swaps:
            swap = self._swaps[-1]
            if self.call.leaves("leave_nacl", swap.account):
                self._swaps.pop()
                continue
            client = self.call.client("ec2", swap.account)
            client.replace_network_acl_association(
                AssociationId=swap.association, NetworkAclId=swap.original_acl
            )
            client.delete_network_acl(NetworkAclId=swap.fis_acl)
            self._swaps.pop()
