"""The commands over the API as it is: exit codes, forms of output, refusals in words."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from exercises.domain.approvals import DecisionVerdict
from exercises.models import Application, Experiment, Run
from exercises.services.decide import decide
from exercises.services.evidence_pack import own_fingerprint
from exercises.services.propose import start_draft
from exercises.services.tokens import SCOPES
from tests import build, past
from tests.cast import Cast
from tests.cli.desk import Terminal, Typed

pytestmark = pytest.mark.django_db


def ran(cast: Cast, verdict: str = "held", *, state: str = "completed") -> Experiment:
    where = Application.objects.filter(slug="mqtt-broker").first() or past.application(
        cast.team, "mqtt-broker", tags=("ec2",)
    )
    run = past.run(cast, where, past.version(), verdict=verdict, days_ago=3)
    # A run keeps the state it ended in, so another way to end is another row.
    if state != "completed":
        run.pk, run.token, run._state.adding = uuid.uuid4(), uuid.uuid4().hex, True
        run.scheduled_at += timedelta(minutes=1)
        run.state, run.started_at = state, run.started_at if verdict else None
        run.save(force_insert=True)
    Run.objects.filter(pk=run.pk).update(
        state_reason="Stopped by the on-call." if state == "stopped" else "",
        verdict_reason="As measured.",
        experiment_ref=f"EXP{uuid.uuid4().hex[:12]}",
    )
    return run.experiment


@pytest.mark.parametrize(
    ("verdict", "state", "code", "word"),
    [
        ("held", "completed", 0, "held"),
        ("not_held", "completed", 1, "not held"),
        ("not_held", "stopped", 1, "not held"),
        ("inconclusive", "completed", 1, "inconclusive"),
        ("inconclusive", "failed", 3, "failed"),
        ("inconclusive", "stopped", 4, "stopped"),
        ("", "stopped", 4, "stopped"),
        ("", "skipped", 2, "not started"),
        ("", "failed", 3, "failed"),
    ],
)
def test_run_exits_with_what_came_of_it(
    cast: Cast, tmp_path: Path, verdict: str, state: str, code: int, word: str
) -> None:
    experiment = ran(cast, verdict, state=state)
    found = Terminal(cast, tmp_path).type("run", experiment.code, "--wait")
    assert (found.code, f": {word}." in found.out) == (code, True), found


def test_a_draft_is_proposed_and_followed_through_approval_to_its_verdict(
    cast: Cast, tmp_path: Path
) -> None:
    where = build.exercise(cast)
    draft = start_draft(actor=cast.actor("author"), draft=build.draft(cast), exercise=where)
    steps = iter(("approve", "end", "judge"))

    def meanwhile(seconds: float) -> None:
        step = next(steps)
        if step == "approve":
            build.approve(cast, draft, "owner", "lead")
            return
        old = ran(cast)
        run = Run.objects.get(experiment=old)
        Run.objects.filter(pk=run.pk).update(
            experiment=draft.pk, verdict="held" if step == "judge" else ""
        )

    found = Terminal(cast, tmp_path, meanwhile=meanwhile).type("run", draft.code, "--wait")
    assert found.code == 0, found
    lines = found.error.splitlines()
    assert lines[0] == f"{draft.code} is sent for approval."
    assert "waits for approval, asked: " in lines[1]
    assert lines[2:4] == [
        f"{draft.code} is approved and waits for its slot",
        f"{draft.code} has ended and is measured until it is steady again",
    ]


def test_who_declines_blocks_it(cast: Cast, tmp_path: Path) -> None:
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    decide(
        actor=cast.actor("owner"),
        experiment=experiment,
        verdict=DecisionVerdict.DECLINE,
        digest_seen=experiment.revision.digest,
        reason="Not in this week.",
    )
    found = Terminal(cast, tmp_path).type("run", experiment.code, "--wait")
    assert found.code == 2
    assert "Team owner, as service owner, declined." in found.out


def test_what_takes_too_long_is_said_and_goes_on(cast: Cast, tmp_path: Path) -> None:
    experiment = build.proposed(cast)
    found = Terminal(cast, tmp_path, meanwhile=lambda seconds: None).type(
        "run", experiment.code, "--wait", "--timeout", "1"
    )
    assert (found.code, "no verdict within 0 m 01 s" in found.error) == (3, True)


def test_ctrl_c_asks_nothing_and_says_how_to_stop(cast: Cast, tmp_path: Path) -> None:
    experiment = build.proposed(cast)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    found = Terminal(cast, tmp_path, meanwhile=interrupted).type("run", experiment.code, "--wait")
    assert found.code == 130
    assert "AWS was asked nothing" in found.error
    assert f"chaosplane stop --run {experiment.code}" in found.error


def propose(cast: Cast, tmp_path: Path, **changes: object) -> Typed:
    where = build.exercise(cast)
    build.deployment(cast)
    body = {
        "exercise": where.slug,
        "application": "mqtt-broker",
        "account_id": "111111111111",
        "region": build.REGION,
        "template": build.template_version().template.slug,
        "title": "Stop one broker",
        "hypothesis": "If one broker stops, then messages are delivered again.",
        "parameters": {"minutes": 5},
        "az": f"{build.REGION}a",
        "slot_offset_s": 600,
        "target_cap": 3,
    } | changes
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps(body))
    return Terminal(cast, tmp_path).type("propose", "-f", str(file), "--output", "json")


def test_propose_writes_what_the_file_says_and_sends_it(cast: Cast, tmp_path: Path) -> None:
    found = propose(cast, tmp_path)
    assert found.code == 0, found
    shown = json.loads(found.out)
    assert (shown["status"], shown["slot_offset_s"]) == ("proposed", 600)


def test_what_the_server_refuses_is_said_by_field(cast: Cast, tmp_path: Path) -> None:
    found = propose(cast, tmp_path, target_cap=101, colour="red")
    assert found.code == 3
    assert "chaosplane: colour: is not a field of this resource" in found.error
    assert Experiment.objects.count() == 0


def test_a_rule_that_says_no_is_policy(cast: Cast, tmp_path: Path) -> None:
    experiment = build.proposed(cast)
    experiment.exercise.phase = "closed"
    experiment.exercise.save(update_fields=["phase"])
    Experiment.objects.update(status="draft")
    found = Terminal(cast, tmp_path).type("run", experiment.code)
    assert found.code == 2
    assert "exercise.closed_for_proposals: " in found.error
    assert "Propose it for the next exercise." in found.error


@pytest.mark.parametrize(
    ("verdict", "days", "code", "status"),
    [("held", 30, 0, "fresh"), ("not_held", 30, 1, "failed"), ("held", 1, 2, "stale")],
)
def test_gate_exits_by_its_status(
    cast: Cast, tmp_path: Path, verdict: str, days: int, code: int, status: str
) -> None:
    ran(cast, verdict)
    found = Terminal(cast, tmp_path).type("gate", "mqtt-broker", "--max-age", f"{days}d")
    assert found.code == code
    assert found.out.startswith(f"mqtt-broker: {status}.")


def test_a_gate_kept_as_json_is_verified_offline(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(cast)
    found = Terminal(cast, tmp_path).type("gate", "mqtt-broker", "--output", "json")
    kept = tmp_path / "gate.json"
    kept.write_text(found.out)

    def verify(*more: str) -> int:
        from chaosplane.cli import main

        return main(["verify", str(kept), *more])

    assert verify("--key", own_fingerprint()) == 0
    assert "mqtt-broker was fresh" in capsys.readouterr().out
    assert verify("--key", "0000") == 1
    kept.write_text(found.out.replace('"fresh"', '"stale"'))
    assert verify() == 1
    kept.write_text("{}")
    assert verify() == 3


def test_junit_and_sarif_say_what_did_not_hold(cast: Cast, tmp_path: Path) -> None:
    experiment = ran(cast, "not_held")
    terminal = Terminal(cast, tmp_path)
    suite = ET.fromstring(terminal.type("run", experiment.code, "--wait", "--output", "junit").out)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("not held", "As measured.")
    sarif = json.loads(terminal.type("gate", "mqtt-broker", "--output", "sarif").out)
    result = sarif["runs"][0]["results"][0]
    assert (sarif["version"], result["ruleId"], result["level"]) == ("2.1.0", "gate", "error")
    assert [rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]] == ["gate"]


def test_lists_go_on_over_pages_to_their_limit(cast: Cast, tmp_path: Path) -> None:
    for _ in range(3):
        ran(cast)
    terminal = Terminal(cast, tmp_path, scopes=("read",))
    assert len(terminal.type("list", "runs").out.splitlines()) == 4
    assert len(json.loads(terminal.type("list", "--limit", "2", "--output", "json").out)) == 2
    assert terminal.type("findings").out == ""


def test_login_keeps_the_token_for_its_owner_alone(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    terminal = Terminal(cast, tmp_path)
    token = terminal.variables.pop("CHAOSPLANE_TOKEN")
    url = terminal.variables.pop("CHAOSPLANE_URL")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    found = terminal.type("login", url)
    assert found.code == 0, found
    assert f"as Team author; scopes: {', '.join(sorted(SCOPES))}." in found.error
    file = tmp_path / "chaosplane" / "login.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert terminal.type("list", "exercises").code == 0
    file.chmod(0o644)
    assert "chmod 600" in terminal.type("list").error
