"""What happened is told to who asked for it: signed, to the checked address, until it is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from exercises.channels.safe_fetch import Reach, is_public
from exercises.domain.errors import Conflict
from exercises.domain.finding_states import FindingState, Severity
from exercises.domain.webhooks import BOTH_HOLD_FOR
from exercises.fetching import Address
from exercises.models import (
    Announcement,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from exercises.services import webhooks
from exercises.services.findings import move_finding, raise_finding
from exercises.services.retention import remove_when_due
from exercises.services.run_events import append_event
from exercises.services.send_webhooks import send_webhooks
from exercises.services.webhook_events import emit_line
from tests import build
from tests.cast import Cast
from tests.webhooks.conftest import HOST, Hooked

pytestmark = pytest.mark.django_db


def _signatures(asked: dict[str, str]) -> list[str]:
    return asked["webhook-signature"].split(" ")


def _expected(secret: str, asked: dict[str, str]) -> str:
    """As the specification of Standard Webhooks says, in other words than ours."""
    signed = ".".join((asked["webhook-id"], asked["webhook-timestamp"], asked["body"]))
    key = base64.b64decode(secret[len("whsec_") :])
    digest = hmac.digest(key, signed.encode(), hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _test(cast: Cast, hooked: Hooked) -> WebhookDelivery:
    return webhooks.try_endpoint(actor=cast.actor("owner"), endpoint=hooked.endpoint)


def _pauses_are_over(hooked: Hooked, days: float = 0) -> None:
    """As if so much time had passed since the last failure, and at least the pause."""
    rows = WebhookEndpoint.objects.filter(pk=hooked.endpoint.pk)
    rows.update(
        due_at=F("created_at"),
        failing_since=F("failing_since") - timedelta(days=days),
        lease_until=None,
    )
    for delivery in hooked.endpoint.deliveries.filter(state="waiting").select_related("event"):
        delivery.not_before = delivery.event.happened_at
        delivery.save(update_fields=["not_before"])


def test_an_event_leaves_as_a_cloud_event_with_the_signature_of_standard_webhooks(
    cast: Cast, hooked: Hooked
) -> None:
    exercise = build.exercise(cast)
    build.proposed(cast, exercise)
    assert hooked.send() == 1
    [asked] = hooked.receiver.asked
    body = json.loads(asked["body"])
    assert body["type"] == "chaosplane.experiment.proposed"
    assert (body["specversion"], body["id"]) == ("1.0", asked["webhook-id"])
    assert body["data"]["exercise"]["slug"] == exercise.slug
    assert body["data"]["links"]["page"].startswith("http")
    assert asked["Content-Type"].startswith("application/cloudevents+json")
    assert asked["path"] == "/hooks/1?key=2"
    assert _signatures(asked) == [_expected(hooked.secret, asked)]


def test_nobody_is_named(cast: Cast, hooked: Hooked) -> None:
    experiment = build.proposed(cast, build.exercise(cast))
    build.approve(cast, experiment, "owner", "lead")
    assert WebhookEvent.objects.count() > 1
    people = [cast.author, cast.owner, cast.lead, cast.safety, cast.operator]
    written = json.dumps(list(WebhookEvent.objects.values_list("document", flat=True)))
    assert not [p for p in people if p.name in written or p.email in written]


def test_only_teams_it_concerns_and_the_organisation_hear_of_it(cast: Cast) -> None:
    mine, theirs, everyone = (
        webhooks.add_endpoint(
            actor=cast.actor("lead"),
            url=f"https://{HOST}/",
            events=["experiment.decided"],
            team=team,
        )[0]
        for team in (cast.team, cast.other_team, None)
    )
    experiment = build.proposed(cast, build.exercise(cast))
    build.approve(cast, experiment, "owner", "lead")
    assert mine.deliveries.count() == everyone.deliveries.count() == 2
    assert not theirs.deliveries.exists()


def test_an_exercise_is_told_to_the_teams_that_take_part(cast: Cast, hooked: Hooked) -> None:
    theirs, _ = webhooks.add_endpoint(
        actor=cast.actor("lead"), url=f"https://{HOST}/", events=["exercise.stopped"],
        team=cast.other_team,
    )  # fmt: skip
    exercise = build.exercise(cast)
    build.proposed(cast, exercise)
    append_event(exercise=exercise, kind="stop.all", text="Stop all by somebody.")
    assert hooked.endpoint.deliveries.filter(event__kind="exercise.stopped").count() == 1
    assert not theirs.deliveries.exists()


def test_a_line_that_nobody_asked_for_costs_one_query(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    event = append_event(exercise=build.exercise(cast), kind="stop.all", text="Stop all.")
    with django_assert_num_queries(1):
        emit_line(event)
    assert not WebhookEvent.objects.exists()


def test_a_finding_is_told_step_by_step(cast: Cast, hooked: Hooked) -> None:
    application = build.deployment(cast).application
    finding = raise_finding(
        actor=cast.actor("author"), exercise=build.exercise(cast), application=application,
        title="Retries have no limit", body="", severity=Severity.LOW,
        failure_family="instance-loss",
    )  # fmt: skip
    move_finding(actor=cast.actor("author"), finding=finding, to=FindingState.DISMISSED)
    kinds = list(WebhookEvent.objects.order_by("happened_at").values_list("kind", flat=True))
    assert kinds == ["finding.found", "finding.dismissed"]
    assert hooked.send() == 2
    data = json.loads(hooked.receiver.asked[0]["body"])["data"]
    assert (data["finding"]["code"], data["application"]) == (finding.code, application.slug)


def test_a_test_is_sent_though_nobody_asked_for_the_event(cast: Cast, hooked: Hooked) -> None:
    delivery = _test(cast, hooked)
    hooked.receiver.body = b"thanks\x00\xff"
    assert hooked.send() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == ("sent", 200, 1)
    assert delivery.answer.startswith("thanks")


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_what_is_not_taken_is_tried_again_later_with_the_same_id(
    cast: Cast, hooked: Hooked, status: int
) -> None:
    delivery = _test(cast, hooked)
    hooked.receiver.status = status
    hooked.receiver.headers = {"Location": "https://169.254.169.254/"}
    assert hooked.send() == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == ("waiting", status, 1)
    assert hooked.send() == 0  # its pause is not over
    assert len(hooked.receiver.asked) == 1
    hooked.receiver.status = 200
    _pauses_are_over(hooked)
    assert hooked.send() == 1
    first, second = hooked.receiver.asked
    assert first["webhook-id"] == second["webhook-id"]
    assert hooked.fresh().failures == 0


def test_after_three_days_it_is_switched_off_and_its_owners_are_told(
    cast: Cast, hooked: Hooked
) -> None:
    delivery = _test(cast, hooked)
    hooked.receiver.status = 503
    hooked.send()
    assert hooked.fresh().is_active
    _pauses_are_over(hooked, days=3)
    hooked.send()
    endpoint = hooked.fresh()
    assert (endpoint.is_active, endpoint.switched_off_because) == (False, "it answered 503")
    delivery.refresh_from_db()
    assert delivery.state == "failed"
    told = Announcement.objects.get(topic="channel_disabled")
    assert (told.people, HOST in told.text) == ([cast.owner.pk], True)
    with pytest.raises(Conflict, match="switched off"):
        webhooks.replay_delivery(actor=cast.actor("owner"), delivery=delivery)


def test_who_says_gone_is_asked_no_more(cast: Cast, hooked: Hooked) -> None:
    _test(cast, hooked)
    hooked.receiver.status = 410
    hooked.send()
    assert not hooked.fresh().is_active


def test_one_event_that_nobody_takes_holds_up_no_other(cast: Cast, hooked: Hooked) -> None:
    refused = _test(cast, hooked)
    hooked.receiver.status = 500
    hooked.send()
    hooked.receiver.status = 200
    other = _test(cast, hooked)  # a person waits: the pause of the endpoint is over
    assert hooked.send() == 1
    refused.refresh_from_db()
    other.refresh_from_db()
    assert (refused.state, other.state) == ("waiting", "sent")


def test_what_was_delivered_can_be_sent_again(cast: Cast, hooked: Hooked) -> None:
    delivery = _test(cast, hooked)
    hooked.send()
    webhooks.replay_delivery(actor=cast.actor("owner"), delivery=delivery)
    with pytest.raises(Conflict, match="on its way"):
        webhooks.replay_delivery(actor=cast.actor("owner"), delivery=delivery)
    assert hooked.send() == 1
    first, second = hooked.receiver.asked
    assert (first["webhook-id"], first["body"]) == (second["webhook-id"], second["body"])


def test_after_a_rotation_both_secrets_sign_for_a_day(cast: Cast, hooked: Hooked) -> None:
    _, fresh = webhooks.rotate_secret(actor=cast.actor("owner"), endpoint=hooked.endpoint)
    _test(cast, hooked)
    hooked.send()
    [asked] = hooked.receiver.asked
    assert _signatures(asked) == [_expected(fresh, asked), _expected(hooked.secret, asked)]
    WebhookEndpoint.objects.update(old_secret_until=F("old_secret_until") - BOTH_HOLD_FOR)
    _test(cast, hooked)
    hooked.send()
    asked = hooked.receiver.asked[1]
    assert _signatures(asked) == [_expected(fresh, asked)]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254", "::ffff:127.0.0.1"]
)
def test_a_name_that_leads_into_a_network_is_never_connected(
    cast: Cast, hooked: Hooked, address: str
) -> None:
    delivery = _test(cast, hooked)
    inner = replace(
        hooked.receiver.reach,
        is_allowed=is_public,
        resolve=lambda host, port: [ipaddress.ip_address(address)],
    )
    assert hooked.send(reach=inner) == 0
    delivery.refresh_from_db()
    assert "not on the public internet" in delivery.error
    assert hooked.receiver.asked == []


def test_a_name_that_changes_its_mind_is_not_asked_twice(cast: Cast, hooked: Hooked) -> None:
    """DNS rebinding: the first answer is checked and used; a second one is never heard."""
    _test(cast, hooked)
    answers = iter([ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("10.0.0.1")])
    seen: list[Address] = []

    def resolve(host: str, port: int) -> Sequence[Address]:
        seen.append(next(answers))
        return seen[-1:]

    def is_first(address: Address) -> bool:
        return str(address) == "127.0.0.1"

    reach: Reach = replace(hooked.receiver.reach, resolve=resolve, is_allowed=is_first)
    assert hooked.send(reach=reach) == 1
    assert len(seen) == 1
    hooked.receiver.asked.clear()
    _test(cast, hooked)
    assert hooked.send(reach=reach) == 0
    assert hooked.receiver.asked == []


def test_a_redirect_into_a_network_is_not_followed(cast: Cast, hooked: Hooked) -> None:
    delivery = _test(cast, hooked)
    hooked.receiver.status = 307
    hooked.receiver.headers = {"Location": hooked.receiver.url}
    hooked.send()
    delivery.refresh_from_db()
    assert len(hooked.receiver.asked) == 1
    assert "redirects" in delivery.error


def test_an_answer_that_never_ends_is_hung_up_on(cast: Cast, hooked: Hooked) -> None:
    delivery = _test(cast, hooked)
    hooked.receiver.body = b"a" * (64 * 1024 + 1)
    assert hooked.send() == 0
    delivery.refresh_from_db()
    assert "larger than 64 KB" in delivery.error


def test_a_worker_that_was_overtaken_writes_nothing(cast: Cast, hooked: Hooked) -> None:
    delivery = _test(cast, hooked)
    sent = send_webhooks(
        endpoint_id=hooked.endpoint.pk, fence=hooked.fresh().fence + 1, reach=hooked.receiver.reach
    )
    delivery.refresh_from_db()
    assert (sent, delivery.attempts, hooked.receiver.asked) == (0, 0, [])


def test_what_was_sent_goes_when_it_was_kept_long_enough(
    cast: Cast, hooked: Hooked, settings: Any
) -> None:
    settings.CHAOSPLANE_KEEP_NOTICES_DAYS = 30
    old, waiting, new = (_test(cast, hooked) for _ in range(3))
    year_ago = old.not_before - timedelta(days=365)
    WebhookEvent.objects.exclude(pk=new.event_id).update(happened_at=year_ago)
    WebhookDelivery.objects.exclude(pk=waiting.pk).update(state="sent")
    assert remove_when_due() == 1
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == {waiting.pk, new.pk}
