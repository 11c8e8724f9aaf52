"""The actions that really do something here, by their id.

Every other action of the catalogue is accepted in templates and previews and fails when it is
run, so that nobody takes an action without effect for a passed exercise.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.fis.effects.base import Effect
from simulator.fis.effects.compute import RebootInstances, StopInstances, TerminateInstances

EFFECTS: Mapping[str, type[Effect]] = {
    "aws:fis:wait": Effect,
    "aws:ec2:stop-instances": StopInstances,
    "aws:ec2:reboot-instances": RebootInstances,
    "aws:ec2:terminate-instances": TerminateInstances,
}
