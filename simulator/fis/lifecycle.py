"""What moves experiments: one `tick` brings every active experiment to where time has got.

The only code that changes running experiments, under the lock of the service, so that states
go forward only. AWS FIS User Guide, "Experiment states" and "Action states".
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from simulator.fis import experiment_log
from simulator.fis.access import Access
from simulator.fis.catalogue import ACTIONS
from simulator.fis.effects import EFFECTS
from simulator.fis.effects.base import ActionCall, ActionFailed, Effect, NoEffect
from simulator.fis.experiments import close_report, request_stop
from simulator.fis.levers import settle
from simulator.fis.records import Experiment
from simulator.fis.resolution import MissingResource, resolve
from simulator.fis.service import Service
from simulator.fis.state_changes import tell
from simulator.physics import Physics

INITIATING_AFTER_S = 1.0
RUNNING_AFTER_S = 3.0
STOPPING_LASTS_S = 10.0
ALARM_POLL_WALL_S = 0.25

EARLIER_IS_OVER = ("completed", "skipped")
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


T = TypeVar("T")


class Failed(Exception):
    """The experiment cannot go on."""

    def __init__(self, code: str, reason: str, location: str, account: str) -> None:
        super().__init__(reason)
        self.error = {"code": code, "location": location[:128], "accountId": account}
        self.reason = reason


class Lifecycle:
    """Runs the experiments of a service against an endpoint."""

    def __init__(
        self, service: Service, endpoint: str, physics: Physics, rng: random.Random
    ) -> None:
        self._service = service
        self._endpoint = endpoint
        self._physics = physics
        self._rng = rng
        self._clock = service.clock
        self._access: dict[str, Access] = {}
        self._alarms_read_at: dict[str, float] = {}

    def tick(self) -> bool:
        """Bring every active experiment forward; whether any is active."""
        with self._service.lock:
            active = [
                (region, experiment)
                for region in self._service.regions.values()
                for experiment in region.active()
            ]
            for region, experiment in active:
                try:
                    self._step(experiment)
                except Failed as failed:
                    self._fail(experiment, failed)
                tell(experiment)
                experiment_log.write(experiment)
                if experiment.is_over:
                    self._access.pop(experiment.id, None)
                    self._alarms_read_at.pop(experiment.id, None)
                settle(region)
        return bool(active)

    def _step(self, experiment: Experiment) -> None:
        age = self._clock.now() - experiment.created_at
        if experiment.status == "pending" and age >= INITIATING_AFTER_S:
            experiment.document["startTime"] = self._clock.wall()
            experiment.enter("initiating", "Experiment is initiating.")
            experiment_log.note_start(experiment, self._clock.wall())
        if experiment.status == "initiating" and age >= RUNNING_AFTER_S:
            self._initiate(experiment)
        if experiment.status == "running":
            self._watch_alarms(experiment)
        if experiment.status == "running":
            self._run(experiment)
        if experiment.status == "stopping":
            self._stop(experiment)

    # -- from initiating to running

    def _initiate(self, experiment: Experiment) -> None:
        access = Access(self._endpoint, experiment.region, experiment.document["arn"])
        accounts = self._assume_roles(experiment, access)
        self._access[experiment.id] = access
        group = experiment_log.missing_group(experiment)
        if group:
            reason = f"Log group {group} does not exist."
            raise Failed("ConfigurationFailure", reason, "logConfiguration", experiment.account)
        for name in experiment.document["targets"]:
            self._resolve(experiment, name, access, accounts)
        experiment.enter("running", "Experiment is running.")

    def _resolve(
        self, experiment: Experiment, name: str, access: Access, accounts: list[str]
    ) -> None:
        target = experiment.document["targets"][name]
        note = functools.partial(
            experiment_log.note_resolution, experiment, self._clock.wall(), name, accounts
        )
        try:
            found = resolve(target, access, accounts, experiment.region, self._physics, self._rng)
        except MissingResource as error:
            note([], str(error))
            raise self._failed(error, "InvalidTarget", name, experiment) from error
        except (ClientError, BotoCoreError) as error:
            note([], str(error), failed_in=access.last_account)
            raise self._failed(error, "InvalidTarget", name, experiment) from error
        note(found)
        options = experiment.document["experimentOptions"]
        if not found and options["emptyTargetResolutionMode"] == "fail":
            reason = "Target resolution returned empty set."
            raise Failed("InvalidTarget", reason, name, experiment.account)
        experiment.resolved[name] = found

    def _assume_roles(self, experiment: Experiment, access: Access) -> list[str]:
        account, role = experiment.account, experiment.document["roleArn"]
        try:
            access.assume_own_role(experiment.account, role)
            for account, role in experiment.account_roles.items():
                access.assume_target_role(experiment.account, account, role)
        except ClientError as error:
            reason = f"Unable to assume role {role}: {error.response['Error']['Message']}"
            raise Failed("AuthorizationFailure", reason, "experiment", account) from error
        return list(experiment.account_roles) or [experiment.account]

    # -- running

    def _watch_alarms(self, experiment: Experiment) -> None:
        """Halt when an alarm of the stop conditions is in ALARM."""
        arns = [each["value"] for each in experiment.document["stopConditions"] if "value" in each]
        now, pause = self._clock.now(), ALARM_POLL_WALL_S * self._clock.speed
        last = self._alarms_read_at.get(experiment.id)
        if not arns or (last is not None and now - last < pause):
            return
        self._alarms_read_at[experiment.id] = now
        names = [arn.split(":alarm:", 1)[1] for arn in arns]
        client = self._access[experiment.id].client("cloudwatch", experiment.account)
        try:
            alarms = client.describe_alarms(AlarmNames=names)["MetricAlarms"]
        except ClientError as error:
            raise self._failed(error, "DependentServiceFailure", "stop", experiment) from error
        lost = set(names) - {alarm["AlarmName"] for alarm in alarms}
        if lost:
            reason = f"Stop condition alarms not found: {', '.join(sorted(lost))}."
            raise Failed("ConfigurationFailure", reason, "stopConditions", experiment.account)
        if any(alarm["StateValue"] == "ALARM" for alarm in alarms):
            request_stop(experiment, "Experiment halted by stop condition.", now)

    def _run(self, experiment: Experiment) -> None:
        actions = experiment.document["actions"]
        for name in list(experiment.effects):
            if self._guarded(experiment, name, experiment.effects[name].is_done):
                self._complete(experiment, name)
        moved = True
        while moved:
            moved = False
            for name in list(self._ready(experiment)):
                self._begin(experiment, name)
                moved = True
        if all(action["state"]["status"] in EARLIER_IS_OVER for action in actions.values()):
            self._finish(experiment, "completed", "Experiment completed.")

    def _ready(self, experiment: Experiment) -> Iterator[str]:
        actions = experiment.document["actions"]
        for name, action in actions.items():
            earlier = [actions[each]["state"]["status"] for each in action.get("startAfter", [])]
            is_free = all(status in EARLIER_IS_OVER for status in earlier)
            if action["state"]["status"] == "pending" and is_free:
                yield name

    def _begin(self, experiment: Experiment, name: str) -> None:
        action = experiment.document["actions"][name]
        targets = list(action.get("targets", {}).values())
        resources = tuple(each for target in targets for each in experiment.resolved[target])
        if experiment.document["experimentOptions"]["actionsMode"] == "skip-all":
            self._mark(experiment, name, "skipped", "Action was skipped: actions mode skip-all.")
            return
        if targets and not resources:
            self._mark(experiment, name, "skipped", "Action was skipped: no target resources.")
            return
        action["startTime"] = self._clock.wall()
        call = ActionCall(
            experiment.account,
            experiment.id,
            name,
            action["actionId"],
            {**ACTIONS[action["actionId"]].defaults, **action.get("parameters", {})},
            resources,
            self._access[experiment.id],
            self._physics,
            self._clock.now,
            self._service.leaves_behind,
        )
        effect: Effect = EFFECTS.get(action["actionId"], NoEffect)(call)
        experiment.effects[name] = effect
        self._mark(experiment, name, "running", "Action is running.")
        self._guarded(experiment, name, effect.begin)
        if self._guarded(experiment, name, effect.is_done):
            self._complete(experiment, name)

    def _guarded(self, experiment: Experiment, name: str, do: Callable[[], T]) -> T:
        """Do a part of an action; what goes wrong fails the action and the experiment."""
        try:
            return do()
        except (ClientError, BotoCoreError, ActionFailed) as error:
            code = error.code if isinstance(error, ActionFailed) else "DependentServiceFailure"
            failed = self._failed(error, code, name, experiment)
            self._mark(experiment, name, "failed", failed.reason, failed.error["accountId"])
            raise failed from error

    def _complete(self, experiment: Experiment, name: str) -> None:
        self._close(experiment, name, "completed")

    def _close(self, experiment: Experiment, name: str, status: str, reason: str = "") -> None:
        """Undo what an action owns; without a reason the effect says how it came out."""
        effect = self._undo(experiment, name)
        self._mark(experiment, name, status, reason or effect.outcome)

    def _undo(self, experiment: Experiment, name: str) -> Effect:
        effect: Effect = experiment.effects.pop(name)
        self._guarded(experiment, name, effect.end)
        return effect

    # -- the end

    def _stop(self, experiment: Experiment) -> None:
        for name in list(experiment.effects):
            self._close(experiment, name, "stopped", "Action was stopped.")
        since = experiment.stopping_since
        if since is not None and self._clock.now() - since >= STOPPING_LASTS_S + experiment.stuck_s:
            self._finish(experiment, "stopped", experiment.stop_reason)

    def _fail(self, experiment: Experiment, failed: Failed) -> None:
        """Fail with the first error, after undoing what still runs."""
        while experiment.effects:
            name = next(iter(experiment.effects))
            is_culprit = experiment.document["actions"][name]["state"]["status"] == "failed"
            try:
                if is_culprit:  # how it failed was said already
                    self._undo(experiment, name)
                else:
                    self._close(experiment, name, "stopped", "Action was stopped.")
            except Failed:  # said of the action by then; of the experiment the first is said
                if is_culprit:
                    account = failed.error["accountId"]
                    self._mark(experiment, name, "failed", failed.reason, account)
        self._finish(experiment, "failed", failed.reason)
        experiment.document["state"]["error"] = failed.error

    def _finish(self, experiment: Experiment, status: str, reason: str) -> None:
        for name, action in experiment.document["actions"].items():
            if action["state"]["status"] == "pending":
                self._mark(experiment, name, "cancelled", "Action was cancelled.")
        experiment.document["endTime"] = self._clock.wall()
        experiment.enter(status, reason)
        close_report(experiment.document)
        experiment_log.note_end(experiment, self._clock.wall())

    def _mark(
        self, experiment: Experiment, name: str, status: str, reason: str, account: str = ""
    ) -> None:
        action = experiment.document["actions"][name]
        action["state"] = {"status": status, "reason": reason[:512]}
        if "startTime" in action and status in ("completed", "stopped", "failed"):
            action["endTime"] = self._clock.wall()
        experiment_log.note_action(experiment, name, self._clock.wall(), account)

    def _failed(self, error: Exception, code: str, location: str, experiment: Experiment) -> Failed:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in DENIED:
            code = "AuthorizationFailure"
        is_of_call = isinstance(error, (ClientError, BotoCoreError, ActionFailed))
        account = self._access[experiment.id].last_account if is_of_call else ""
        return Failed(code, str(error)[:512], location, account or experiment.account)
