"""Faults by configuration: what Lambda functions read from parameters of Systems Manager.

Reached through engines.registry. AWS runs nothing here, so a lease in the account says until
when the parameters hold the fault and what they held before; whoever looks at an expired lease
ends it. The lease's name is the run's, and it is made only once: that is the token of a start.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from exercises.aws.failures import aws_errors
from exercises.aws.sessions import Purpose, client, narrowed_client
from exercises.domain.canonical_json import canonical_bytes
from exercises.domain.engine_values import (
    Archive,
    EngineStatus,
    Observation,
    StartOrder,
    StopReceipt,
    Tagged,
    Target,
    Watch,
)
from exercises.domain.errors import EngineError, Invalid, TemplateChanged
from exercises.domain.lambda_config import EFFECT_LAG_S, Format
from exercises.domain.lambda_documents import Configuration, configuration_of
from exercises.domain.lambda_formats import is_off
from exercises.domain.lambda_leases import (
    REF,
    Held,
    Lease,
    lease_name,
    observation_of,
    status_of,
    to_text,
)
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.snapshots import Snapshot, Trace
from exercises.engines import lambda_parameters as parameters
from exercises.engines.lambda_leases import check_size, end, leases, leases_of, settle
from exercises.engines.lambda_parameters import Parameter
from exercises.engines.lambda_readers import readers

log = logging.getLogger(__name__)

KEEP_FOR: Final = timedelta(days=7)
_TEXT: Final = "String"


def _now() -> datetime:
    return datetime.now(UTC)


class LambdaConfigEngine:
    """See engines.protocol.Engine for what each method promises."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now

    def preview(self, access: AccountAccess, definition: JsonObject) -> Sequence[Target]:
        wanted = {s.name: s.format for s in _configuration(definition).settings}
        return readers(access, wanted)

    def snapshot(
        self, access: AccountAccess, definition: JsonObject, before: Snapshot | None = None
    ) -> Snapshot:
        names = [setting.name for setting in _configuration(definition).settings]
        found = parameters.read(access, names)
        traces = [_trace(access, name, found.get(name)) for name in sorted(names)]
        return Snapshot(tuple(traces))

    def provision(self, access: AccountAccess, definition: JsonObject, digest: str) -> str:
        """Nothing is kept in the account: the definition travels with the order to start, and
        its own digest stands for it. What can be seen to be in the way is refused here."""
        _standing(access, _configuration(definition))
        return _digest(definition)

    def verify(self, access: AccountAccess, template_ref: str, definition: JsonObject) -> None:
        if template_ref != _digest(definition):
            raise TemplateChanged(f"{template_ref[:12]} is not the digest of what was approved")

    def start(self, access: AccountAccess, order: StartOrder) -> Observation:
        self.verify(access, order.template_ref, order.definition)
        found = leases_of(access, [REF + order.run_id])
        lease = found[0] if found else self._claim(access, order)
        if lease is None:
            lease = _claimed_by_another(access, REF + order.run_id)
        if lease.digest != order.template_ref:
            raise EngineError(
                f"{lease.ref} is of another definition", outcome="none", retryable=False
            )
        return self._carry_out(access, lease, order)

    def _claim(self, access: AccountAccess, order: StartOrder) -> Lease | None:
        """Write down what will be changed, before it is; None when another worker has."""
        read = _configuration(order.definition)
        standing = _standing(access, read)
        now = self._now()
        lease = Lease(
            run_id=order.run_id,
            exercise=str(order.tags.get("chaosplane:exercise", "")),
            digest=order.template_ref,
            started_at=now,
            expires_at=now + timedelta(seconds=read.duration_s / order.speed),
            not_after=order.not_after,
            lag_s=EFFECT_LAG_S / order.speed,
            is_rehearsal=order.is_rehearsal,
            held=tuple(
                Held(s.name, s.format, standing[s.name].value, standing[s.name].version, s.value)
                for s in read.settings
            ),
        )
        check_size(lease)
        ssm = _start_client(access, lease, order)
        refused = parameters.may_write(ssm, access, [held.name for held in lease.held])
        if refused:
            raise EngineError(
                f"Could not set parameter {refused} in {access.account_id}: the role that starts "
                "may not write it",
                outcome="none",
                retryable=False,
            )
        is_new = parameters.create(ssm, access, lease_name(lease.ref), to_text(lease))
        return lease if is_new else None

    def _carry_out(self, access: AccountAccess, lease: Lease, order: StartOrder) -> Observation:
        """Set what is not set yet. From here on something may have happened, whatever is
        answered; the lease says what."""
        try:
            if lease.is_rehearsal:
                lease = end(access, lease, EngineStatus.COMPLETED, self._now())
            elif lease.ended_at is None and not lease.is_expired(self._now()):
                met = self._set(access, lease, order)
                there = leases_of(access, [lease.ref])
                lease = there[0] if there else lease
                # Another's, its lease was deleted, or it was stopped while it was set.
                if met or not there or lease.ended_at is not None:
                    lease = end(access, lease, EngineStatus.FAILED, self._now())
            return self._observed(access, lease)
        except EngineError as error:
            raise EngineError(str(error), outcome="unknown", retryable=True) from error

    def _set(self, access: AccountAccess, lease: Lease, order: StartOrder) -> list[str]:
        """Whose writes were met on the way, in words."""
        ssm = _start_client(access, lease, order)
        standing = parameters.read(access, (held.name for held in lease.held))
        met = []
        for held in lease.held:
            there = standing.get(held.name)
            if there is not None and there.value == held.value:
                continue
            if there is None or there.version != held.before_version:
                met.append(f"{held.name} was changed by somebody else")
                break
            written = parameters.overwrite(ssm, access, held.name, held.value)
            stop = client(access, "ssm", Purpose.STOP)
            said = settle(stop, access, held.name, there.version, written, ours={held.value})
            if said:
                met.append(said)
                break
        return met

    def find(self, access: AccountAccess, template_ref: str, run_id: str) -> str | None:
        """Only what has come as far as to be in force, or has ended: a start that was broken
        off before is asked for again, and goes on where it was."""
        for lease in leases_of(access, [REF + run_id]):
            if lease.ended_at is not None or self._is_whole(access, lease):
                return lease.ref
        return None

    def _is_whole(self, access: AccountAccess, lease: Lease) -> bool:
        standing = parameters.read(access, (held.name for held in lease.held))
        return all(
            held.name in standing and standing[held.name].version > held.before_version
            for held in lease.held
        )

    def observe(self, access: AccountAccess, watches: Sequence[Watch]) -> Sequence[Observation]:
        found = {lease.ref: lease for lease in leases_of(access, [w.ref for w in watches])}
        return [
            self._observed(access, found[watch.ref], is_compared=watch.approved is not None)
            for watch in watches
            if watch.ref in found
        ]

    def _observed(
        self, access: AccountAccess, lease: Lease, *, is_compared: bool = False
    ) -> Observation:
        """The lease as it is, ended if its time has come."""
        lease = self._kept(access, lease)
        differences = _differences(access, lease) if is_compared and not lease.ended_at else []
        return observation_of(lease, self._now(), differences)

    def _kept(self, access: AccountAccess, lease: Lease) -> Lease:
        """End it once it is expired; look again at one that is still felt, because a start
        that hung may have come after its end."""
        now = self._now()
        if lease.is_expired(now):
            lease = end(access, lease, EngineStatus.COMPLETED, now)
        elif lease.ended_at is not None and not lease.is_over(now):
            lease = end(access, lease, EngineStatus(lease.outcome), now)
        return lease

    def expire(self, access: AccountAccess) -> Sequence[str]:
        """One that cannot be ended keeps no other from it."""
        ended, failures = [], []
        now = self._now()
        for lease in leases(access, Purpose.STOP):
            if lease.over_at is not None and now - lease.over_at > KEEP_FOR:
                _forget(access, lease)
            if lease.is_over(now):
                continue
            try:
                self._kept(access, lease)
            except EngineError as error:
                failures.append(error)
                continue
            ended += [lease.ref] if lease.is_expired(now) else []
        if failures:
            raise failures[0]
        return ended

    def stop(self, access: AccountAccess, ref: str) -> StopReceipt:
        found = leases_of(access, [ref], Purpose.STOP)
        if not found:
            raise EngineError(
                f"Could not stop {ref}: {access.account_id} knows no such lease",
                outcome="none",
                retryable=False,
            )
        lease = end(access, found[0], EngineStatus.STOPPED, self._now())
        seen = observation_of(lease, self._now())
        return StopReceipt(seen.ref, seen.status, seen.reason)

    def try_stop(self, access: AccountAccess, ended_ref: str) -> tuple[bool, str]:
        ssm = client(access, "ssm", Purpose.STOP)
        for lease in leases_of(access, [ended_ref], Purpose.STOP):
            names = [lease_name(ended_ref), *(held.name for held in lease.held)]
            refused = parameters.may_write(ssm, access, names)
            if refused:
                return False, f"The role to stop lacks ssm:PutParameter on {refused}."
            return True, "Tried on the rehearsal."
        return False, f"The role to stop does not see {lease_name(ended_ref)}."

    def discover(self, access: AccountAccess) -> Sequence[Tagged]:
        return self._lasting(leases(access, Purpose.STOP, is_sure=True))

    def active(self, access: AccountAccess) -> Sequence[Tagged]:
        return self._lasting(leases(access, Purpose.READ))

    def _lasting(self, found: Sequence[Lease]) -> list[Tagged]:
        now = self._now()
        return [
            Tagged(lease.ref, lease.run_id, lease.exercise, status_of(lease, now))
            for lease in found
            if not status_of(lease, now).is_terminal
        ]

    def archive(self, access: AccountAccess, ref: str) -> Archive:
        """What can no longer be known is said instead: a run is judged all the same."""
        found = leases_of(access, [ref])
        if not found:
            gone = f"{access.account_id} knows no such lease any more: it was deleted or changed"
            return Archive({"lease": ref, "lease_problem": gone}, ())
        [lease] = found
        held = [
            {"name": each.name, "format": each.format, "before": each.before, "value": each.value}
            for each in lease.held
        ]
        document: dict[str, Any] = {
            "lease": ref,
            **_times(lease),
            "outcome": lease.outcome,
            "held": held,
            "left": list(lease.left),
        }
        try:
            targets = readers(access, {held.name: Format(held.format) for held in lease.held})
        except EngineError as error:
            if error.retryable:
                raise
            return Archive({**document, "targets_problem": str(error)}, ())
        return Archive(document, tuple(targets))

    def located(self, access: AccountAccess, targets: Sequence[Target]) -> Sequence[Target]:
        return targets


def _configuration(definition: JsonObject) -> Configuration:
    try:
        return configuration_of(definition)
    except Invalid as error:
        raise EngineError(str(error), outcome="none", retryable=False) from error


def _digest(definition: JsonObject) -> str:
    return hashlib.sha256(canonical_bytes(definition)).hexdigest()


def _claimed_by_another(access: AccountAccess, ref: str) -> Lease:
    found = leases_of(access, [ref])
    if not found:
        raise EngineError(
            f"Could not read {lease_name(ref)} in {access.account_id}: it is no lease of ours, "
            "or was deleted a moment ago",
            outcome="unknown",
            retryable=True,
        )
    return found[0]


def _standing(access: AccountAccess, read: Configuration) -> Mapping[str, Parameter]:
    """The parameters as they stand. Raises EngineError unless each of them is there, is plain
    text and is off: what holds a fault already is somebody else's."""
    found = parameters.read(access, (setting.name for setting in read.settings))
    for setting in read.settings:
        there = found.get(setting.name)
        because = ""
        if there is None:
            because = "there is no such parameter"
        elif there.type != _TEXT:
            because = f"it is a {there.type}; only a String is ever written"
        else:
            because = _not_off(setting.format, there.value)
        if because:
            raise EngineError(
                f"Could not take parameter {setting.name} in {access.account_id}: {because}",
                outcome="none",
                retryable=False,
            )
    return found


def _not_off(form: Format, value: str) -> str:
    try:
        return "" if is_off(form, value) else "it holds a fault already; empty it first"
    except Invalid as error:
        return f"what it holds is not of {form.words}: {error}"


def _start_client(access: AccountAccess, lease: Lease, order: StartOrder) -> Any:
    """May write these parameters and the lease until the permission ends, and nothing else."""
    partition = access.start_role_arn.split(":")[1]
    root = f"arn:{partition}:ssm:{access.region}:{access.account_id}:parameter/"
    names = [lease_name(lease.ref), *(held.name for held in lease.held)]
    return narrowed_client(
        access,
        "ssm",
        "ssm:PutParameter",
        [root + name.removeprefix("/") for name in names],
        order.not_after,
    )


def _differences(access: AccountAccess, lease: Lease) -> list[str]:
    """What the parameters hold otherwise than was approved."""
    if lease.is_rehearsal:
        return []
    standing = parameters.read(access, (held.name for held in lease.held))
    found = []
    for held in lease.held:
        there = standing.get(held.name)
        if there is None:
            found.append(f"{held.name}: was deleted")
        elif there.version > held.before_version and there.value != held.value:
            found.append(f"{held.name}: version {there.version} is not what was approved")
    return found


def _trace(access: AccountAccess, name: str, there: Parameter | None) -> Trace:
    arn = f"arn:aws:ssm:{access.region}:{access.account_id}:parameter/{name.removeprefix('/')}"
    return Trace("parameters", arn, name, {"value": there.value if there else None})


def _times(lease: Lease) -> dict[str, str]:
    over = lease.over_at.isoformat() if lease.over_at else ""
    ended = lease.ended_at.isoformat() if lease.ended_at else ""
    return {
        "started_at": lease.started_at.isoformat(),
        "expires_at": lease.expires_at.isoformat(),
        "ended_at": ended,
        "over_at": over,
    }


def _forget(access: AccountAccess, lease: Lease) -> None:
    """Nothing hangs on it: a lease that is over and may not be deleted only takes up room."""
    name = lease_name(lease.ref)
    ssm = client(access, "ssm", Purpose.STOP)
    try:
        with aws_errors(f"delete {name} in {access.account_id}", changes=True):
            ssm.delete_parameters(Names=[name])
    except EngineError as error:
        log.warning("lease.kept", extra={"parameter": name, "why": str(error)})
