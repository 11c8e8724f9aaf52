"""A job of CI signs in with a token that its CI signed, and every other token is refused."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from exercises.channels.safe_fetch import is_public
from exercises.domain.actors import Door
from exercises.domain.capacities import OrgRole
from exercises.domain.errors import EngineError
from exercises.models import OidcIssuer, OidcRule, OrganisationRole, User
from exercises.models.due_work import database_now
from exercises.permissions import actor_for
from exercises.queries.approvals import authors_of
from exercises.services import ci_keys
from exercises.services.ci_issuers import change_issuer
from exercises.services.ci_sign_in import LONGEST, TokenRefused, sign_in
from exercises.services.propose import start_draft
from exercises.services.tokens import suspend_service
from tests import build
from tests.cast import Cast
from tests.machines.conftest import ANOTHER, URL, Ci, public, rules

pytestmark = pytest.mark.django_db

_SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)


def _refused(token: str, **how: Any) -> list[str]:
    with pytest.raises(TokenRefused) as refused:
        sign_in(token, **how)
    return [name for name, _ in refused.value.problems]


def _long_ago(issuer: OidcIssuer, ago: timedelta) -> None:
    OidcIssuer.objects.filter(pk=issuer.pk).update(
        keys_read_at=database_now() - ago, keys_tried_at=database_now() - ago
    )


@pytest.mark.parametrize("kid", ["rsa", "ec"])
def test_a_job_that_a_rule_names_is_let_in_as_the_service(
    cast: Cast, ci: Ci, issuer: OidcIssuer, kid: str
) -> None:
    found = sign_in(ci.token(kid=kid))
    assert found.user == User.accounts.service_of(cast.team)
    assert found.scopes == ("read", "write", "stop")
    assert OidcRule.objects.get().last_used_at is not None


def test_whoever_says_whose_jobs_act_vouches_for_what_they_write(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    assert sign_in(ci.token()).vouched_by == {cast.lead.pk}
    OrganisationRole.objects.create(user=cast.safety, role=OrgRole.PROGRAMME_LEAD.value)
    change_issuer(
        actor=cast.actor("safety"), issuer=issuer, audience=issuer.audience, rules=rules()
    )
    assert sign_in(ci.token()).vouched_by == {cast.lead.pk, cast.safety.pk}
    experiment = start_draft(
        actor=replace(
            actor_for(User.accounts.service_of(cast.team), Door.API, frozenset({"write"})),
            vouched_by=sign_in(ci.token()).vouched_by,
        ),
        draft=build.draft(cast),
        exercise=build.exercise(cast),
    )
    assert {cast.lead.pk, cast.safety.pk} <= authors_of([experiment])[experiment.pk]


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"iss": "https://other.example.test"}, ["iss"]),
        ({"iss": f"{URL}/"}, ["iss"]),
        ({"iss": None}, ["iss"]),
        ({"iss": [URL]}, ["iss"]),
        ({"aud": "https://other.example.test"}, ["aud"]),
        ({"aud": None}, ["aud"]),
        ({"exp": timedelta(seconds=-300)}, ["exp"]),
        ({"iat": timedelta(seconds=3000), "exp": timedelta(seconds=3300)}, ["iat"]),
        ({"nbf": timedelta(seconds=3000)}, ["nbf"]),
        ({"exp": timedelta(seconds=4000)}, ["exp"]),
        ({"repository": "org/other"}, ["rules"]),
        ({"ref": "refs/tags/v1"}, ["rules"]),
    ],
)
def test_what_is_wrong_with_a_token_is_named(
    ci: Ci, issuer: OidcIssuer, claims: dict[str, Any], named: list[str]
) -> None:
    now = int(time.time())  # not when tests are collected: this one may come minutes later
    instants = {k: now + v.total_seconds() for k, v in claims.items() if isinstance(v, timedelta)}
    assert _refused(ci.token(**claims | instants)) == named


def test_a_token_signed_with_another_key_lets_nobody_in(ci: Ci, issuer: OidcIssuer) -> None:
    assert _refused(ci.token(key=ANOTHER)) == ["signature"]
    assert _refused(ci.token(kid="unknown", key=ANOTHER)) == ["kid"]
    header, claims, signature = ci.token().split(".")
    changed = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(claims + "=").replace(b"heads/main", b"heads/evil")
    )
    assert _refused(f"{header}.{changed.decode().rstrip('=')}.{signature}") == ["signature"]


def _with_header(token: str, **header: Any) -> str:
    said = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return ".".join([said, *token.split(".")[1:]])


def _unsigned(token: str) -> str:
    return token.rsplit(".", 1)[0] + "."


@pytest.mark.parametrize(
    ("forge", "named"),
    [
        (lambda ci: _with_header(ci.token(), alg="none", kid="rsa"), ["alg"]),
        (lambda ci: _unsigned(_with_header(ci.token(), alg="none", kid="rsa")), ["alg"]),
        (lambda ci: _with_header(ci.token(), alg="None", kid="rsa"), ["alg"]),
        (lambda ci: ci.token(alg="HS256", key=b"k" * 32), ["alg"]),
        (lambda ci: ci.token(alg="RS512"), ["alg"]),
        (lambda ci: ci.token(alg="PS256"), ["alg"]),
        (lambda ci: _with_header(ci.token(), alg="ES256", kid="rsa"), ["signature"]),
        (lambda ci: _with_header(ci.token(kid="ec"), alg="RS256", kid="ec"), ["signature"]),
        (lambda ci: _with_header(ci.token(), alg="RS256"), ["kid"]),
        (lambda ci: _with_header(ci.token(), alg="RS256", kid="rsa", crit=["x"]), ["token"]),
        (lambda ci: _with_header(ci.token(), alg="RS256", kid="rsa", jku="x"), ["signature"]),
        (lambda ci: ci.token(iss=f"{URL}\x00"), ["iss"]),
        (lambda ci: ci.token(sub="\ud800"), ["token"]),
        (lambda ci: "a.b.c", ["token"]),
        (lambda ci: "..", ["token"]),
        (lambda ci: ci.token(more="x" * LONGEST), ["token"]),
        (lambda ci: ci.token() + "é", ["token"]),
    ],
)  # fmt: skip
def test_a_forged_token_lets_nobody_in(
    ci: Ci, issuer: OidcIssuer, forge: Callable[[Ci], str], named: list[str]
) -> None:
    assert _refused(forge(ci)) == named


def test_a_public_key_is_no_secret_to_sign_with(ci: Ci, issuer: OidcIssuer) -> None:
    pem = (
        ci.keys["rsa"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    said = _with_header(ci.token(), alg="HS256", kid="rsa").rsplit(".", 1)[0]
    signature = base64.urlsafe_b64encode(hmac.digest(pem, said.encode(), "sha256"))
    assert _refused(f"{said}.{signature.decode().rstrip('=')}") == ["alg"]


def test_a_suspended_service_and_an_issuer_that_is_off_let_nobody_in(
    cast: Cast, ci: Ci, issuer: OidcIssuer
) -> None:
    suspend_service(actor=cast.actor("owner"), team=cast.team)
    assert _refused(ci.token()) == ["team"]
    OidcIssuer.objects.update(is_active=False)
    assert _refused(ci.token()) == ["iss"]


def test_the_first_rule_that_fits_decides(cast: Cast, ci: Ci, issuer: OidcIssuer) -> None:
    first = OidcRule.objects.get()
    OidcRule.objects.create(
        issuer=issuer,
        position=0,
        team=cast.other_team,
        scopes=["read"],
        conditions=[["repository", "org/*"]],
    )
    assert sign_in(ci.token()).user == User.accounts.service_of(cast.other_team)
    OidcRule.objects.exclude(pk=first.pk).update(conditions=[["repository", "org/b*"]])
    assert sign_in(ci.token()).user == User.accounts.service_of(cast.team)


def test_keys_that_are_known_are_not_asked_for_again(ci: Ci, issuer: OidcIssuer) -> None:
    asked = len(ci.server.asked)
    sign_in(ci.token(), reach=ci.server.reach)
    assert len(ci.server.asked) == asked == 2


def test_a_new_key_is_read_when_a_job_comes_with_it_at_most_once_a_minute(
    ci: Ci, issuer: OidcIssuer
) -> None:
    ci.keys["new"] = ANOTHER
    ci.publish()
    assert _refused(ci.token(kid="new"), reach=ci.server.reach) == ["kid"]
    assert len(ci.server.asked) == 2
    _long_ago(issuer, timedelta(seconds=61))
    assert sign_in(ci.token(kid="new"), reach=ci.server.reach).scopes
    assert _refused(ci.token(kid="unknown"), reach=ci.server.reach) == ["kid"]
    assert len(ci.server.asked) == 4


def test_a_key_that_is_taken_back_ends_within_the_hour(ci: Ci, issuer: OidcIssuer) -> None:
    del ci.keys["rsa"]
    token = ci.token(key=Ci(ci.server).keys["rsa"])
    ci.publish()
    _long_ago(issuer, ci_keys.EVERY + timedelta(seconds=1))
    assert _refused(token, reach=ci.server.reach) == ["kid"]


def test_the_last_good_copy_holds_for_a_day_while_the_ci_is_away(
    ci: Ci, issuer: OidcIssuer
) -> None:
    ci.server.status = 500
    _long_ago(issuer, timedelta(hours=23))
    assert sign_in(ci.token(), reach=ci.server.reach).scopes
    issuer.refresh_from_db()
    assert "500" in issuer.keys_problem
    _long_ago(issuer, timedelta(hours=25))
    with pytest.raises(EngineError, match="500"):
        sign_in(ci.token(), reach=ci.server.reach)


def test_without_any_copy_nobody_is_let_in(ci: Ci, issuer: OidcIssuer) -> None:
    ci.server.status = 500
    OidcIssuer.objects.update(keys=[], keys_read_at=None, keys_tried_at=None)
    for _ in range(2):
        with pytest.raises(EngineError, match="cannot be read"):
            sign_in(ci.token(), reach=ci.server.reach)
    assert len(ci.server.asked) == 3


@pytest.mark.parametrize(
    ("publish", "says"),
    [
        (lambda ci: ci.publish(issuer="https://other.example.test"), "discovery document is of"),
        (lambda ci: ci.publish(jwks_uri=None), "missing"),
        (lambda ci: ci.publish(jwks_uri="http://ci.example.test/keys"), "https"),
        (lambda ci: ci.publish({"kty": "oct", "kid": "x", "k": "c2VjcmV0"}), "0 keys"),
        (lambda ci: ci.publish(public(_SHORT, "short")), "0 keys"),
        (lambda ci: ci.publish(public(ANOTHER, "enc", use="enc")), "0 keys"),
        (lambda ci: ci.server.pages.update({"/keys": b"<html>"}), "not JSON"),
        (lambda ci: ci.server.pages.update({"/keys": b"[" * 100_000}), "not JSON"),
    ],
)
def test_what_is_wrong_with_the_keys_is_said(
    ci: Ci, issuer: OidcIssuer, publish: Callable[[Ci], None], says: str
) -> None:
    publish(ci)
    _long_ago(issuer, timedelta(hours=2))
    issuer.refresh_from_db()
    ci_keys.read_keys(issuer, reach=ci.server.reach)
    assert says in issuer.keys_problem
    assert len(issuer.keys) == 2


def test_no_private_part_of_a_key_is_kept(ci: Ci, issuer: OidcIssuer) -> None:
    ci.publish(public(ANOTHER, "leaked", d="c2VjcmV0"))
    _long_ago(issuer, timedelta(hours=2))
    issuer.refresh_from_db()
    ci_keys.read_keys(issuer, reach=ci.server.reach)
    assert [sorted(key) for key in issuer.keys] == [["e", "kid", "kty", "n", "use"]]


@pytest.mark.parametrize("where", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "fe80::1"])
def test_a_private_address_is_never_connected(ci: Ci, issuer: OidcIssuer, where: str) -> None:
    asked = len(ci.server.asked)
    _long_ago(issuer, timedelta(hours=2))
    issuer.refresh_from_db()
    reach = replace(
        ci.server.reach,
        resolve=lambda host, port: [ip_address(where)],
        is_allowed=is_public,
    )
    ci_keys.read_keys(issuer, reach=reach)
    assert "not on the public internet" in issuer.keys_problem
    assert len(ci.server.asked) == asked
