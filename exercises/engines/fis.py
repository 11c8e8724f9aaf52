"""AWS Fault Injection Service as an engine. Reached through engines.registry.

Holds the only StartExperiment of the code base. Templates are found again by the tag of
their digest, experiments by the tag of their run, so that nothing is made or started twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from exercises.aws.failures import aws_errors, error_code
from exercises.aws.permissions_check import check_stop
from exercises.aws.sessions import Purpose, client, one_start_client
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
from exercises.domain.errors import EngineError, TemplateChanged
from exercises.domain.plans import AccountAccess, JsonObject
from exercises.domain.snapshots import Snapshot
from exercises.engines import (
    fis_accounts,
    fis_definition,
    fis_observation,
    fis_running,
    fis_snapshot,
    fis_targets,
)
from exercises.engines.fis_observation import observation_of

MANAGED_TAG: Final = "chaosplane:managed"
DIGEST_TAG: Final = "chaosplane:digest"
RUN_TAG: Final = "chaosplane:run"

_PAGE: Final = 100
_SHOWN_DIFFERENCES: Final = 5


class FisEngine:
    """See engines.protocol.Engine for what each method promises."""

    def preview(self, access: AccountAccess, definition: JsonObject) -> Sequence[Target]:
        return fis_targets.preview(access, definition)

    def snapshot(
        self, access: AccountAccess, definition: JsonObject, before: Snapshot | None = None
    ) -> Snapshot:
        return fis_snapshot.snapshot(access, definition, before)

    def provision(self, access: AccountAccess, definition: JsonObject, digest: str) -> str:
        _check_targeting(definition)
        found = _templates(access, digest)
        if found:
            ref = _unchanged(access, found, definition)
        else:
            ref = _new_template(access, definition, digest)
        fis_accounts.configure(access, ref, definition)
        return ref

    def verify(self, access: AccountAccess, template_ref: str, definition: JsonObject) -> None:
        _check_targeting(definition)
        found = fis_definition.differences(definition, _template(access, template_ref))
        found += fis_accounts.differences(access, template_ref, definition)
        if found:
            raise _changed(template_ref, access, found)

    def start(self, access: AccountAccess, order: StartOrder) -> Observation:
        fis = one_start_client(access, order.template_ref, order.not_after)
        action = f"start FIS template {order.template_ref} in {access.account_id}"
        try:
            with aws_errors(action, changes=True):
                echo = fis.start_experiment(
                    clientToken=order.token,
                    experimentTemplateId=order.template_ref,
                    experimentOptions={
                        "actionsMode": "skip-all" if order.is_rehearsal else "run-all"
                    },
                    tags={**order.tags, MANAGED_TAG: "true", RUN_TAG: order.run_id},
                )["experiment"]
        except EngineError as error:
            raise _start_error(error) from error
        return observation_of(echo)

    def find(self, access: AccountAccess, template_ref: str, run_id: str) -> str | None:
        fis = client(access, "fis", Purpose.READ)
        with aws_errors(f"list FIS experiments in {access.account_id}"):
            pages = fis.get_paginator("list_experiments").paginate(
                experimentTemplateId=template_ref, PaginationConfig={"PageSize": _PAGE}
            )
            for page in pages:
                for summary in page["experiments"]:
                    if summary.get("tags", {}).get(RUN_TAG) == run_id:
                        return str(summary["id"])
        return None

    def observe(self, access: AccountAccess, watches: Sequence[Watch]) -> Sequence[Observation]:
        return fis_observation.observe(access, watches)

    def stop(self, access: AccountAccess, ref: str) -> StopReceipt:
        fis = client(access, "fis", Purpose.STOP)
        action = f"stop FIS experiment {ref} in {access.account_id}"
        try:
            with aws_errors(action, changes=True):
                echo = fis.stop_experiment(id=ref)["experiment"]
        except EngineError as error:
            return _already_ending(access, ref, error)
        seen = observation_of(echo)
        return StopReceipt(seen.ref, seen.status, seen.reason)

    def try_stop(self, access: AccountAccess, ended_ref: str) -> tuple[bool, str]:
        return check_stop(access, ended_ref)

    def expire(self, access: AccountAccess) -> Sequence[str]:
        """FIS ends its experiments itself."""
        return ()

    def discover(self, access: AccountAccess) -> Sequence[Tagged]:
        everything = fis_running.running(access, RUN_TAG, Purpose.STOP)
        return [tagged for tagged in everything if tagged.run_id]

    def active(self, access: AccountAccess) -> Sequence[Tagged]:
        return fis_running.running(access, RUN_TAG, Purpose.READ)

    def archive(self, access: AccountAccess, ref: str) -> Archive:
        fis = client(access, "fis", Purpose.READ)
        with aws_errors(f"read FIS experiment {ref} in {access.account_id}"):
            echo = fis.get_experiment(id=ref)["experiment"]
            pages = fis.get_paginator("list_experiment_resolved_targets").paginate(
                experimentId=ref, PaginationConfig={"PageSize": _PAGE}
            )
            resolved = [item for page in pages for item in page["resolvedTargets"]]
        document = {"experiment": _json(echo), "resolvedTargets": _json(resolved)}
        targets = fis_targets.resolved_targets(resolved)
        return Archive(document, tuple(fis_targets.located(access, targets)))

    def located(self, access: AccountAccess, targets: Sequence[Target]) -> Sequence[Target]:
        return fis_targets.located(access, targets)


def _check_targeting(definition: JsonObject) -> None:
    """Nothing that came round the proposal reaches an account that its definition does not name."""
    problem = fis_definition.targeting_problem(definition)
    if problem:
        raise EngineError(problem, outcome="none", retryable=False)


def _new_template(access: AccountAccess, definition: JsonObject, digest: str) -> str:
    fis = client(access, "fis", Purpose.START)
    with aws_errors(f"create the FIS template in {access.account_id}", changes=True):
        echo = fis.create_experiment_template(
            clientToken=f"chaosplane-{digest}",
            tags={MANAGED_TAG: "true", DIGEST_TAG: digest},
            **fis_definition.request_body(definition),
        )["experimentTemplate"]
    return str(echo["id"])


def _templates(access: AccountAccess, digest: str) -> list[str]:
    """The templates that say they hold this digest, in a fixed order."""
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"list FIS templates in {access.account_id}"):
        pages = fis.get_paginator("list_experiment_templates").paginate(
            PaginationConfig={"PageSize": _PAGE}
        )
        return sorted(
            str(summary["id"])
            for page in pages
            for summary in page["experimentTemplates"]
            if _is_ours(summary.get("tags", {}), digest)
        )


def _is_ours(tags: Mapping[str, str], digest: str) -> bool:
    return tags.get(MANAGED_TAG) == "true" and tags.get(DIGEST_TAG) == digest


def _template(access: AccountAccess, template_ref: str) -> dict[str, Any]:
    fis = client(access, "fis", Purpose.READ)
    with aws_errors(f"read FIS template {template_ref} in {access.account_id}"):
        echo: dict[str, Any] = fis.get_experiment_template(id=template_ref)["experimentTemplate"]
        return echo


def _unchanged(access: AccountAccess, refs: Sequence[str], definition: JsonObject) -> str:
    """The first of these templates that is what was approved, but for accounts that it may
    still lack. Raises TemplateChanged."""
    found: list[str] = []
    for ref in refs:
        found = fis_definition.differences(definition, _template(access, ref))
        found += fis_accounts.unapproved(access, ref, definition)
        if not found:
            return ref
    raise _changed(refs[-1], access, found)


def _changed(ref: str, access: AccountAccess, found: Sequence[str]) -> TemplateChanged:
    shown = "; ".join(found[:_SHOWN_DIFFERENCES])
    more = len(found) - _SHOWN_DIFFERENCES
    rest = f"; and {more} more" if more > 0 else ""
    return TemplateChanged(
        f"FIS template {ref} in {access.account_id} is not what was approved: {shown}{rest}"
    )


def _start_error(error: EngineError) -> EngineError:
    """A conflict says that this token was used before: there may be an experiment."""
    cause = error.__cause__
    if isinstance(cause, ClientError) and error_code(cause) == "ConflictException":
        return EngineError(str(error), outcome="unknown", retryable=True)
    return error


def _already_ending(access: AccountAccess, ref: str, error: EngineError) -> StopReceipt:
    """A stop that was refused because nothing is left to stop is a stop that worked."""
    cause = error.__cause__
    if not isinstance(cause, ClientError) or error.retryable:
        raise error
    seen = fis_observation.observation(access, ref)
    if seen is None or not (seen.status.is_terminal or seen.status is EngineStatus.STOPPING):
        raise error
    return StopReceipt(seen.ref, seen.status, seen.reason)


def _json(value: Any) -> Any:
    """The echo of FIS as plain JSON: times as text."""
    if isinstance(value, Mapping):
        return {str(key): _json(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
