"""Fails unless alarms are in the states that the experiment expects."""

from __future__ import annotations

from simulator.fis.effects.base import ActionFailed, Effect


class AssertAlarmState(Effect):
    """Reads the alarms once, in the account of the experiment."""

    def begin(self) -> None:
        wanted = self.call.csv("alarmStates")
        names = [arn.split(":alarm:", 1)[-1] for arn in self.call.csv("alarmArns")]
        client = self.call.client("cloudwatch", self.call.account)
        states = {
            alarm["AlarmName"]: alarm["StateValue"]
            for alarm in client.describe_alarms(AlarmNames=names)["MetricAlarms"]
        }
        wrong = sorted(name for name in names if states.get(name) not in wanted)
        if wrong:
            raise ActionFailed(f"Alarms not in {', '.join(sorted(wanted))}: {', '.join(wrong)}.")
