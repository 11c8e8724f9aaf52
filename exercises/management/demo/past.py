"""The six editions before this month: what was tried, how the services behaved, what was found.

Data only; demo.history turns it into imported rows and lets the real rules judge them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from exercises.domain.finding_states import FindingState as State
from exercises.domain.finding_states import Severity

EDITIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Step:
    """A step in a finding's life, days after the run (0: at once)."""

    to: State
    days: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class PastFinding:
    """What the debrief found, and its steps since; a re-test that held adds the last ones."""

    title: str
    body: str
    severity: Severity
    life: tuple[Step, ...]
    due_days: int


@dataclass(frozen=True, slots=True)
class PastRun:
    """One experiment and its run. `retests` is the edition whose finding it re-tests."""

    months_back: int
    application: str
    account: str
    template: str
    title: str
    author: str
    behaviour: str = "steady"
    parameters: Mapping[str, object] = field(default_factory=dict)
    az: str = "eu-central-1a"
    slot_min: int = 0
    stopped_after_min: int | None = None
    finding: PastFinding | None = None
    retests: int | None = None


FOUND: Final = Step(State.FOUND, 0, "Written down in the debrief.")
TELEMETRY: Final = "Telemetry engineer"
PLATFORM: Final = "Developer platform engineer"
CHARGING: Final = "Charging engineer"
IDENTITY: Final = "Identity engineer"

SPLIT_BRAIN: Final = PastFinding(
    title="Two MQTT clusters form when one zone loses power",
    body="The brokers that lost power came back as a cluster of their own and took "
    "connections. For the rest of the outage publishers and subscribers on different sides "
    "did not reach each other, until all brokers ran again. Nothing asks for a quorum before "
    "a cluster accepts clients.",
    severity=Severity.HIGH,
    life=(FOUND, Step(State.ACCEPTED, 2, "We want a quorum before brokers take clients.")),
    due_days=60,
)

PAST: Final = (
    PastRun(
        6, "charging-sessions", "platform-prod", "stop-one-instance", "Stop one session server",
        CHARGING, behaviour="slow_to_replace",
        finding=PastFinding(
            title="A lost session server is missed for nine minutes",
            body="The load balancer went on sending requests to the stopped instance until its "
            "replacement had started: the health check asks too rarely and forgives too much.",
            severity=Severity.HIGH,
            life=(
                FOUND,
                Step(State.ACCEPTED, 1),
                Step(State.FIX_AGREED, 5, "Health check every 10 s, out after two failures."),
                Step(State.FIX_LIVE, 24, "New health check is live."),
            ),
            due_days=40,
        ),
    ),
    PastRun(
        6, "mqtt-broker", "telemetry-int", "stop-one-instance", "Stop one broker", TELEMETRY,
        slot_min=20,
    ),
    PastRun(
        5, "ci-runners", "platform-prod", "pause-ebs-volumes", "Pause the runners' volumes",
        PLATFORM, behaviour="slow_storage",
        finding=PastFinding(
            title="Builds wait for volumes that do not answer",
            body="Jobs that had begun stayed on runners whose volume was paused; the queue grew "
            "until the volumes answered again. Nothing moved a job to another runner.",
            severity=Severity.MEDIUM,
            life=(
                FOUND,
                Step(State.ACCEPTED, 1),
                Step(State.FIX_AGREED, 9, "Jobs are taken back after 3 minutes of silence."),
                Step(State.FIX_LIVE, 31, "Taking jobs back is switched on."),
            ),
            due_days=45,
        ),
    ),
    PastRun(
        5, "mqtt-broker", "telemetry-int", "disrupt-one-subnet", "Cut one broker subnet off",
        TELEMETRY, slot_min=25,
    ),
    PastRun(
        4, "charging-sessions", "platform-prod", "stop-one-instance",
        "Stop one session server again", CHARGING, retests=6,
    ),
    PastRun(
        4, "identity-tokens", "platform-prod", "stop-one-instance", "Stop one token server",
        IDENTITY, behaviour="slow_to_replace", slot_min=20,
        finding=PastFinding(
            title="Sign-in is slow while a token server is replaced",
            body="The two servers left could not take all requests: they run close to their "
            "limit at that time of the day.",
            severity=Severity.MEDIUM,
            life=(
                FOUND,
                Step(State.ACCEPTED, 3),
                Step(State.FIX_AGREED, 20, "One more server, so that two can carry the load."),
                Step(State.FIX_LIVE, 95, "The fourth server is live; a re-test is due."),
            ),
            due_days=110,
        ),
    ),
    PastRun(
        3, "ci-runners", "platform-prod", "pause-ebs-volumes",
        "Pause the runners' volumes again", PLATFORM, retests=5,
    ),
    PastRun(
        3, "mqtt-broker", "telemetry-prod", "stop-one-instance", "Stop one broker", TELEMETRY,
        slot_min=20,
    ),
    PastRun(
        2, "mqtt-broker", "telemetry-prod", "disrupt-one-subnet", "Cut one broker subnet off",
        TELEMETRY, az="eu-central-1b",
    ),
    PastRun(
        2, "charging-sessions", "platform-prod", "az-power-interruption",
        "One zone without power", CHARGING, parameters={"outage_min": 15}, slot_min=20,
    ),
    PastRun(
        1, "mqtt-broker", "telemetry-prod", "az-power-interruption",
        "One zone of the broker without power", TELEMETRY, behaviour="split_brain",
        parameters={"outage_min": 30}, finding=SPLIT_BRAIN,
    ),
    PastRun(
        1, "ci-runners", "platform-prod", "stop-one-instance", "Stop one runner", PLATFORM,
        slot_min=20,
    ),
    PastRun(
        1, "identity-tokens", "platform-prod", "stop-one-instance",
        "Stop one token server again", IDENTITY, slot_min=60, stopped_after_min=3,
    ),
)  # fmt: skip
