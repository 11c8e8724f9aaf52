"""Aurora: fail a cluster over, reboot instances. Neither has anything to undo."""

from __future__ import annotations

from simulator.fis.effects.base import Effect

FAILOVER_S = 30.0
REBOOT_S = 60.0


class FailoverCluster(Effect):
    """Makes a reader in another zone the writer; done when the cluster has settled."""

    @property
    def duration_s(self) -> float:
        return FAILOVER_S

    def begin(self) -> None:
        for account, resources in self.call.by_account():
            client = self.call.client("rds", account)
            for resource in resources:
                client.failover_db_cluster(DBClusterIdentifier=resource.name)


class RebootDatabases(Effect):
    """Reboots DB instances: they do not answer for a minute."""

    def begin(self) -> None:
        force = self.call.parameters.get("forceFailover", "false") == "true"
        for account, resources in self.call.by_account():
            client = self.call.client("rds", account)
            for resource in resources:
                client.reboot_db_instance(DBInstanceIdentifier=resource.name, ForceFailover=force)
                self.call.physics.rebooting_until[resource.name] = self.call.now() + REBOOT_S
