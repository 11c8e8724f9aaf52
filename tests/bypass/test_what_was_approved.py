"""An approval holds for exactly one content, for a time, and for nothing it does not name."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from exercises.aws.alarms import alarm_settings
from exercises.aws.sessions import Purpose, client
from exercises.domain.canonical_json import canonical_bytes, parse_strict
from exercises.domain.digest import plan_digest
from exercises.domain.errors import Invalid
from exercises.domain.stop_alarms import stop_alarms
from exercises.domain.templates_lint import lint
from exercises.models import Decision, Experiment, Run, TemplateVersion
from exercises.models.due_work import database_now
from exercises.queries.approvals import approval_of
from exercises.queries.plans import plan_of
from exercises.queries.start_gate import refusals
from exercises.services.preflight import repeat_check, run_check
from exercises.services.propose import edit_draft, propose, start_draft
from tests import build
from tests.bypass.conftest import Decide
from tests.cast import Cast
from tests.drive import fresh, work_off

if TYPE_CHECKING:
    from simulator.server import Simulator

pytestmark = pytest.mark.django_db
Look = Callable[[Experiment], bool]


@pytest.mark.bypass("B3")
def test_one_letter_more_and_no_approval_is_left(
    cast: Cast, on_the_page: Decide, is_approved: Look
) -> None:
    """B3: given on the page, void after an edit, and the gate says so of its run."""
    experiment = build.proposed(cast)
    assert on_the_page("owner", experiment) == 302
    assert on_the_page("lead", experiment) == 302
    assert is_approved(experiment)
    longer = build.draft(cast, hypothesis=f"{experiment.hypothesis}.")
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=longer)
    assert not is_approved(experiment)


@pytest.mark.bypass("B3")
def test_what_the_gate_lets_through_is_what_was_scheduled(cast: Cast) -> None:
    """B3: a run keeps its revision; another current one refuses it."""
    _, run = build.live(cast)
    other = build.proposed(cast, build.exercise(cast, slug="another"), target_cap=2)
    Experiment.objects.filter(pk=run.experiment_id).update(revision=other.revision)
    found = {r.rule for r in refusals(fresh(run), now=database_now(), target_count=1)}
    assert {"approval.content_changed", "approval.missing"} <= found


@pytest.mark.bypass("B4")
@pytest.mark.parametrize("part", ["account", "region", "slot", "window"])
def test_another_place_or_time_is_another_content(cast: Cast, part: str) -> None:
    """B4: account, Region, slot and window are in the digest itself."""
    plan = plan_of(build.proposed(cast))
    other = {
        "account": replace(plan, account_id="333333333333"),
        "region": replace(plan, region="eu-west-1"),
        "slot": replace(plan, slot_offset_s=plan.slot_offset_s + 1),
        "window": replace(plan, window_ends_at=plan.window_ends_at + timedelta(minutes=1)),
    }[part]
    assert plan_digest(other) != plan_digest(plan)


@pytest.mark.bypass("B4")
def test_a_retargeted_or_moved_experiment_needs_its_approvals_again(
    cast: Cast, is_approved: Look
) -> None:
    """B4: through the service, to another account and to another time."""
    starts_at = database_now() + timedelta(hours=1)
    author = cast.actor("author")
    draft = replace(build.draft(cast), slot_offset_s=0)
    experiment = start_draft(actor=author, draft=draft, starts_at=starts_at)
    propose(actor=author, experiment=experiment)
    build.approve(cast, experiment, "owner", "lead")
    later = starts_at + timedelta(minutes=1)
    edit_draft(actor=author, experiment=experiment, draft=draft, starts_at=later)
    assert not is_approved(experiment)
    build.approve(cast, experiment, "owner", "lead")
    elsewhere = build.deployment(cast, place=build.account("333333333333"))
    edit_draft(actor=author, experiment=experiment, draft=replace(draft, deployment=elsewhere))
    assert not is_approved(experiment)
    assert not experiment.runs.filter(state="scheduled").exists()


@pytest.mark.bypass("B6")
def test_a_newer_version_of_the_template_changes_nothing_approved(
    cast: Cast, is_approved: Look
) -> None:
    """B6: an experiment names a version, and its revision holds the document itself."""
    experiment = build.approved(cast)
    template = experiment.template_version.template
    wider = copy.deepcopy(build.DEFINITION)
    wider["targets"]["one-instance"]["selectionMode"] = "ALL"  # type: ignore[index]
    TemplateVersion.objects.create(
        template=template, number=2, definition=wider, parameters=build.PARAMETERS, rung=1
    )
    experiment.refresh_from_db()
    assert is_approved(experiment)
    assert experiment.revision is not None
    target = experiment.revision.plan["definition"]["targets"]["one-instance"]
    assert target["selectionMode"] == "COUNT(1)"


@pytest.mark.bypass("B6")
def test_a_template_of_the_same_tag_in_the_account_is_not_taken_for_ours(
    cast: Cast, estate: Simulator
) -> None:
    """B6: somebody's template that only says it holds the digest starts nothing."""
    _, run = build.live(cast)
    other = copy.deepcopy(run.revision.plan["definition"])
    other["targets"]["one-instance"]["selectionMode"] = "ALL"
    fis = client(run.experiment.deployment.place.access, "fis", Purpose.START)
    tags = {"chaosplane:managed": "true", "chaosplane:digest": run.revision.digest}
    fis.create_experiment_template(clientToken="by-hand", tags=tags, **other)
    work_off()
    assert fresh(run).state == "skipped"
    assert "is not what was approved" in fresh(run).state_reason


@pytest.mark.bypass("B10")
def test_a_link_a_replay_or_a_form_without_token_decides_nothing(
    cast: Cast, as_person: Callable[[str], Client], on_the_page: Decide, is_approved: Look
) -> None:
    """B10: only POST, only with its token, and only on the digest that was shown."""
    experiment = build.proposed(cast)
    assert experiment.revision is not None
    seen = experiment.revision.digest
    address = f"/approvals/EXP-{experiment.pk}/"
    form = {"verdict": "approve", "digest_seen": seen}
    assert as_person("owner").get(address, form).status_code == 405
    assert as_person("owner").head(address, form).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.owner)
    assert strict.post(address, form).status_code == 403
    assert on_the_page("owner", experiment, digest_seen="") == 409
    assert not Decision.objects.exists()
    for _ in range(2):  # the same form again is the same word
        assert on_the_page("owner", experiment, digest_seen=seen) == 302
    assert not is_approved(experiment)
    changed = build.draft(cast, target_cap=2)
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=changed)
    assert on_the_page("owner", experiment, digest_seen=seen) == 409


@pytest.mark.bypass("B13")
def test_a_lapsed_approval_holds_the_start_and_the_api_says_so(
    cast: Cast, caller: Callable[..., APIClient]
) -> None:
    """B13: by the gate, not by a page; given again it counts again."""
    experiment = build.approved(cast)
    last = max(d.valid_until for d in experiment.decisions.all())
    status = approval_of(experiment, now=last)
    assert [r.rule for r in status.refusals] == ["approval.lapsed"] * len(status.refusals)
    assert len(status.refusals) == 2
    told = caller("author").get(f"/api/v1/experiments/{experiment.pk}/decisions/").json()
    rows = told["results"] if isinstance(told, dict) else told
    assert all(row["valid_until"] for row in rows)


@pytest.mark.bypass("B25")
def test_an_approval_ends_with_the_window_it_was_given_for(cast: Cast) -> None:
    """B25: and after 90 days, whatever is written in the row."""
    experiment = build.approved(cast)
    assert all(d.valid_until <= experiment.exercise.ends_at for d in experiment.decisions.all())
    rows = [(d, d.decided_at) for d in experiment.decisions.all()]
    long_ago = [
        Decision(
            experiment=experiment,
            digest=d.digest,
            verdict=d.verdict,
            capacity=d.capacity,
            decided_by=d.decided_by,
            decided_at=at - timedelta(days=91),
            valid_until=at + timedelta(days=3650),
        )
        for d, at in rows
    ]
    other = build.proposed(cast, experiment.exercise, title="Another broker", target_cap=4)
    assert other.revision is not None
    for decision in long_ago:
        decision.experiment, decision.digest = other, other.revision.digest
    Decision.objects.bulk_create(long_ago)
    assert not approval_of(other, now=database_now()).is_complete


@pytest.mark.bypass("B25")
def test_an_approval_of_one_edition_is_none_of_the_next(cast: Cast, is_approved: Look) -> None:
    """B25: the same content in another window has another digest and rows of its own."""
    experiment = build.approved(cast)
    following = build.exercise(cast, slug="2026-12", opens_in=timedelta(days=20))
    again = build.proposed(cast, following)
    assert again.revision is not None
    assert experiment.revision is not None
    assert again.revision.digest != experiment.revision.digest
    assert not is_approved(again)


@pytest.fixture
def noted(cast: Cast, estate: Simulator) -> Run:
    """A live run whose alarms pre-flight has looked at."""
    _, run = build.live(cast)
    run_check(actor=cast.actor("author"), experiment=run.experiment, key="alarms")
    return run


def set_otherwise(run: Run) -> str:
    """Somebody moves the threshold of its alarm out of the way; what is set now."""
    access = run.experiment.deployment.place.access
    cloudwatch = estate_admin(run, "cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["mqtt-undelivered-high"])["MetricAlarms"]
    kept = (
        "AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period",
        "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "TreatMissingData",
    )  # fmt: skip
    settings = {key: alarm[key] for key in kept if key in alarm}
    cloudwatch.put_metric_alarm(**settings, Threshold=1.0)
    return alarm_settings(access, stop_alarms(run.revision.plan["definition"]))


def estate_admin(run: Run, service: str) -> Any:
    """A client of the account itself, as somebody with rights there has one."""
    return client(run.experiment.deployment.place.access, service, Purpose.START)


@pytest.mark.bypass("B21")
def test_an_alarm_set_otherwise_after_preflight_holds_the_start(noted: Run) -> None:
    """B21: until a person has looked at it again; by itself the check accepts no change."""
    set_otherwise(noted)
    check = noted.experiment.preflight_checks.get(key="alarms")
    repeat_check(check_id=check.pk, fence=check.fence)
    check.refresh_from_db()
    assert check.status == "fail"
    assert "set otherwise" in check.message
    work_off()
    assert fresh(noted).state == "skipped"
    assert "set otherwise than pre-flight saw it" in fresh(noted).state_reason


@pytest.mark.bypass("B21")
def test_a_person_who_looks_at_the_changed_alarm_lets_it_start(cast: Cast, noted: Run) -> None:
    """B21: the word is theirs, and in the audit trail; then it starts."""
    set_otherwise(noted)
    run_check(actor=cast.actor("author"), experiment=noted.experiment, key="alarms")
    work_off()
    assert fresh(noted).state == "running"


@pytest.mark.bypass("B21")
@pytest.mark.parametrize("version", [None, "$LATEST", "$DEFAULT", "", "0"])
def test_a_document_without_a_numbered_version_is_refused(version: str | None) -> None:
    """B21: what may change after everybody has read it is no content."""
    definition: dict[str, Any] = copy.deepcopy(build.DEFINITION)
    parameters = {"documentArn": "arn:aws:ssm:eu-central-1::document/X", "maxDuration": "PT5M"}
    if version is not None:
        parameters["documentVersion"] = version
    action = {"actionId": "aws:ssm:start-automation-execution", "parameters": parameters}
    definition["actions"] = {"Run": action}
    fields = [p.field for p in lint(definition, production=True)]
    assert "actions.Run.parameters.documentVersion" in fields


@pytest.mark.bypass("B21")
def test_another_role_for_the_fault_is_another_content(cast: Cast, is_approved: Look) -> None:
    """B21: the account names another role after the approval. What was approved starts with
    the role that was approved or, sent anew, is approved by nobody."""
    experiment = build.approved(cast)
    assert experiment.revision is not None
    approved = experiment.revision.plan["definition"]["roleArn"]
    account = experiment.deployment.place.account
    type(account).objects.filter(pk=account.pk).update(
        fis_role_arn="arn:aws:iam::111111111111:role/almighty"
    )
    experiment = Experiment.objects.get(pk=experiment.pk)
    assert experiment.revision is not None
    assert experiment.revision.plan["definition"]["roleArn"] == approved
    edit_draft(actor=cast.actor("author"), experiment=experiment, draft=build.draft(cast))
    experiment.refresh_from_db()
    assert experiment.revision is not None
    assert experiment.revision.plan["definition"]["roleArn"].endswith("/almighty")
    assert not is_approved(experiment)


@pytest.mark.bypass("B21")
@pytest.mark.parametrize("name", ["documentArn", "documentVersion", "documentParameters"])
def test_what_a_document_is_run_with_is_approved(cast: Cast, name: str) -> None:
    """B21: which document, its version and its parameters, with the role it takes, are in the
    digest."""
    plan = plan_of(build.proposed(cast))
    role = "arn:aws:iam::111111111111:role/{}"
    parameters = {
        "documentArn": "arn:aws:ssm:eu-central-1::document/X",
        "documentVersion": "3",
        "documentParameters": json.dumps({"AutomationAssumeRole": role.format("narrow")}),
        "maxDuration": "PT5M",
    }
    other = {
        "documentArn": "arn:aws:ssm:eu-central-1::document/Y",
        "documentVersion": "4",
        "documentParameters": json.dumps({"AutomationAssumeRole": role.format("almighty")}),
    }[name]

    def digest(sent: dict[str, str]) -> str:
        action = {"actionId": "aws:ssm:start-automation-execution", "parameters": sent}
        definition = {**plan.definition, "actions": {"Run": action}}
        return plan_digest(replace(plan, definition=definition))

    assert digest(parameters) != digest(parameters | {name: other})


@pytest.mark.bypass("B21")
def test_more_targets_than_were_approved_hold_the_start(cast: Cast) -> None:
    """B21: tags may have been put on more in the meantime."""
    _, run = build.live(cast, target_cap=3)
    found = {r.rule for r in refusals(run, now=database_now(), target_count=4)}
    assert "targets.over_cap" in found


@pytest.mark.bypass("B22")
def test_order_and_spelling_of_a_document_mean_nothing_and_everything_else_does() -> None:
    """B22: one canonical form; what two readers could read differently is refused."""
    rng = random.Random(7)
    plain = json.dumps(build.DEFINITION)
    for _ in range(50):
        pairs = list(build.DEFINITION.items())
        rng.shuffle(pairs)
        assert canonical_bytes(dict(pairs)) == canonical_bytes(parse_strict(plain))
    assert canonical_bytes({"a": 1}) == canonical_bytes({"a": 1.0})
    assert canonical_bytes({"a": "\u00e9"}) != canonical_bytes({"a": "e\u0301"})
    assert canonical_bytes({"a": "1"}) != canonical_bytes({"a": 1})
    for text in ('{"a": 1, "a": 2}', '{"a": 9007199254740993}', '{"a": NaN}', '{"a": "\\ud800"}'):
        with pytest.raises(Invalid):
            parse_strict(text)


@pytest.mark.bypass("B22")
def test_the_api_refuses_what_could_be_read_twice(
    cast: Cast, caller: Callable[..., APIClient]
) -> None:
    """B22: duplicate keys do not reach the digest."""
    told = caller("author").post(
        "/api/v1/experiments/",
        '{"title": "One", "title": "Another"}',
        content_type="application/json",
    )
    assert (told.status_code, told.json()["code"]) == (400, "parse_error")
