"""What an engine can do. services call engines through this and nothing else.

Every method may raise EngineError; its `outcome` says whether anything may have happened.
A fourth engine is one more file that satisfies this protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from exercises.domain.engine_values import (
    Archive,
    Observation,
    StartOrder,
    StopReceipt,
    Tagged,
    Target,
    Watch,
)
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.snapshots import Snapshot


class Engine(Protocol):
    """A way to inject faults, seen from the use cases."""

    def preview(self, access: AccountAccess, definition: JsonObject) -> Sequence[Target]:
        """The resources the definition would hit now, found with the read role."""

    def snapshot(
        self, access: AccountAccess, definition: JsonObject, before: Snapshot | None = None
    ) -> Snapshot:
        """How everything is that a run of the definition may leave changed.

        Without `before`: all that it may hit, a superset of what it will; with it: those very
        resources again, whatever the definition would find now. Bounded calls of the read
        role; kinds of trace are those of domain.residue.
        """

    def provision(self, access: AccountAccess, definition: JsonObject, digest: str) -> str:
        """Make sure the account holds this very definition; return its reference.

        Safe to repeat: one provisioned definition per digest.
        """

    def verify(self, access: AccountAccess, template_ref: str, definition: JsonObject) -> None:
        """Raise TemplateChanged when what the account holds is not the definition."""

    def start(self, access: AccountAccess, order: StartOrder) -> Observation:
        """Start once. The same order again returns the same experiment."""

    def find(self, access: AccountAccess, template_ref: str, run_id: str) -> str | None:
        """The experiment that carries this run's tag, when there is one."""

    def observe(self, access: AccountAccess, watches: Sequence[Watch]) -> Sequence[Observation]:
        """What has become of these experiments, in few calls. Unknown ones are left out."""

    def stop(self, access: AccountAccess, ref: str) -> StopReceipt:
        """Ask for the stop. Accepted is not stopped: observe until terminal."""

    def try_stop(self, access: AccountAccess, ended_ref: str) -> tuple[bool, str]:
        """Whether a stop would be allowed, tried on an experiment that has ended, and in words
        why not. Changes nothing."""

    def expire(self, access: AccountAccess) -> Sequence[str]:
        """End what should have ended by itself and has not, because nobody looked at it, under
        the role that stops; what was ended. Nothing where AWS ends experiments itself."""

    def discover(self, access: AccountAccess) -> Sequence[Tagged]:
        """Everything of ours in this place that has not ended, found by its tags."""

    def active(self, access: AccountAccess) -> Sequence[Tagged]:
        """Everything in this place that has not ended, whoever started it."""

    def archive(self, access: AccountAccess, ref: str) -> Archive:
        """Everything worth keeping of a finished experiment. Targets in other accounts are not
        located yet."""

    def located(self, access: AccountAccess, targets: Sequence[Target]) -> Sequence[Target]:
        """These targets, those in this account with their zone and name."""
